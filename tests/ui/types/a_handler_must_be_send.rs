use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

struct Manager;

impl Compute for Manager {
    async fn show(&self, _: &Context) -> Result<u32, RemoteFailure> {
        let shared = std::rc::Rc::new(1);
        std::future::ready(()).await;
        Ok(*shared)
    }
}

fn main() {}
