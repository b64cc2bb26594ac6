use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(namspace = "compute", version = "1.0")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

fn main() {}
