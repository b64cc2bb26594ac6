use oslo_messaging::{endpoint, register};

#[endpoint(version = "1.0")]
trait Names {
    #[cast]
    async fn nothing(&self);
}

struct App;
struct Service;

impl From<&App> for Service {
    fn from(_: &App) -> Self {
        Self
    }
}

#[register(state = App, sate = App)]
impl Names for Service {
    async fn nothing(&self) {}
}

fn main() {}
