use oslo_messaging::{Context, endpoint};

#[endpoint(version = "5.3")]
trait Compute {
    #[cast(call_monitor = "1s")]
    async fn reboot(&self, ctx: &Context);
}

fn main() {}
