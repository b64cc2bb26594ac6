use oslo_messaging::{Context, endpoint};

struct MyError;

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Result<u32, MyError>;
}

fn main() {}
