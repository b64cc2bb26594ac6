use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    #[cast]
    async fn clone(&self, ctx: &Context);
}

fn main() {}
