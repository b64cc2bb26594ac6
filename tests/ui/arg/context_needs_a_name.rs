use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, _: &Context, id: u32) -> Result<u32, RemoteFailure>;
}

fn main() {}
