use oslo_messaging::listener;

#[listener]
struct Events;

fn main() {}
