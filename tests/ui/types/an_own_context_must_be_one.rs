use oslo_messaging::error::RemoteFailure;
use oslo_messaging::endpoint;

struct NovaContext;

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, #[context] ctx: &NovaContext) -> Result<u32, RemoteFailure>;
}

fn main() {}
