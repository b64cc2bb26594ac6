use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn DESCRIPTOR(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

fn main() {}
