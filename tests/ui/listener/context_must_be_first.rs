use oslo_messaging::notify::Event;
use oslo_messaging::{Context, listener};

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, event: Event<u32>, ctx: &Context);
}

fn main() {}
