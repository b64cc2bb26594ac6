use oslo_messaging::error::RemoteFailure;
use oslo_messaging::{Context, endpoint};

struct Foo;

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context, id: u32, foo: Foo) -> Result<u32, RemoteFailure>;
}

fn main() {}
