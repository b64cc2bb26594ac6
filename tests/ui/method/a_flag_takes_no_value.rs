use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    #[cast(fanout = true)]
    async fn reboot(&self, ctx: &Context);
}

fn main() {}
