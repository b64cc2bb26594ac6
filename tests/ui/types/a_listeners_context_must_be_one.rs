use oslo_messaging::listener;
use oslo_messaging::notify::Event;

struct NovaContext;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, #[context] ctx: &NovaContext, event: Event<u32>);
}

fn main() {}
