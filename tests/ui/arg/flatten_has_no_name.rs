use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context, #[arg(flatten, rename = "id")] query: Query) -> Result<u32, RemoteFailure>;
}

#[allow(dead_code)]
struct Query;

fn main() {}
