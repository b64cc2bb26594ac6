use oslo_messaging::register;

struct App;
struct Service;

#[register(state = App)]
impl Service {}

fn main() {}
