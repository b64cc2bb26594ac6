use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    type Payload;

    #[on(info)]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
