use oslo_messaging::listener;

#[listener]
trait Events {}

fn main() {}
