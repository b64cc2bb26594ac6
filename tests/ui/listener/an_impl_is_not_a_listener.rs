use oslo_messaging::listener;

struct Mine;

#[listener]
impl Mine {}

fn main() {}
