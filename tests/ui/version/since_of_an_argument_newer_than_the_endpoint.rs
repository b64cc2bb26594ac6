use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context, #[arg(since = "5.4")] zone: Option<String>) -> Result<u32, RemoteFailure>;
}

fn main() {}
