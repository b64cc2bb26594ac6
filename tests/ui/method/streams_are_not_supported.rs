use oslo_messaging::{Context, endpoint};

trait Stream {}

#[endpoint(version = "5.3")]
trait Compute {
    async fn watch(&self, ctx: &Context) -> impl Stream;
}

fn main() {}
