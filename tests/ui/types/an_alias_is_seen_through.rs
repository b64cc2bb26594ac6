use oslo_messaging::{Context, endpoint};

type Number = u32;

#[endpoint(version = "5.3")]
trait Compute {
    async fn show(&self, ctx: &Context) -> Number;
}

fn main() {}
