use oslo_messaging::error::RemoteFailure;
use oslo_messaging::endpoint;

#[endpoint(version = "5.3")]
trait Compute {
    async fn show<'a>(&self, name: &'a str) -> Result<u32, RemoteFailure>;
}

fn main() {}
