use oslo_messaging::{endpoint, register};

#[endpoint(version = "1.0")]
trait Names {
    #[cast]
    async fn nothing(&self);
}

struct App;
struct Service<T>(T);

#[register(state = App)]
impl<T: Send + Sync + 'static> Names for Service<T> {
    async fn nothing(&self) {}
}

fn main() {}
