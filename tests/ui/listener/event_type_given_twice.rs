use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info, event_type = "a", event_type = "b")]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
