use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    #[cast]
    async fn reboot(&self, ctx: &Context);

    #[cast(aliases = ["reboot"])]
    async fn restart(&self, ctx: &Context);
}

fn main() {}
