use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(infos)]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
