use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener(endpont = Sink)]
trait Events {
    #[on(info)]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
