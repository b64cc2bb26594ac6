use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

macro_rules! methods {
    () => {};
}

#[endpoint(version = "5.3")]
trait Compute {
    methods! {}

    async fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

fn main() {}
