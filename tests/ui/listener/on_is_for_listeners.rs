use oslo_messaging::endpoint;
use oslo_messaging::error::RemoteFailure;

#[endpoint(version = "1.0")]
trait Compute {
    #[on(info)]
    async fn show(&self) -> Result<u32, RemoteFailure>;
}

fn main() {}
