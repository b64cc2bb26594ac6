use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5", timeout = "soon", nickname = "c")]
trait Compute {
    fn show(&self, ctx: &Context) -> Result<u32, RemoteFailure>;

    #[cast(timeout = "1s")]
    async fn reboot(&mut self, _: u32);

    async fn build(&self, ctx: Context, image: impl Into<u32>) -> Result<u32, RemoteFailure>;
}

fn main() {}
