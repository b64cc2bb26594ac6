use oslo_messaging::{Context, listener};

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, ctx: &Context);
}

fn main() {}
