use oslo_messaging::register;

#[register(state = App)]
struct Service;

fn main() {}
