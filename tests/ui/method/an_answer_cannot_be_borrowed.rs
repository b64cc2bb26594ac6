use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<&'static str, RemoteFailure>;
}

fn main() {}
