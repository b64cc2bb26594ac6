use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;
}

async fn everywhere(client: ComputeClient, ctx: &Context) {
    let _ = client.show(ctx).fanout().await;
}

fn main() {}
