use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "1")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

fn main() {}
