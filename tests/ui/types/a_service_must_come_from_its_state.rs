use oslo_messaging::{endpoint, register};

#[endpoint(version = "1.0")]
trait Names {
    #[cast]
    async fn nothing(&self);
}

struct App;
struct Service;

#[register(state = App)]
impl Names for Service {
    async fn nothing(&self) {}
}

fn main() {}
