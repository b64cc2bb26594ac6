use oslo_messaging::{Context, endpoint};

type Number = u32;

#[endpoint(version = "5.3")]
trait Compute {
    #[cast]
    async fn reboot(&self, ctx: &Context) -> Number;
}

fn main() {}
