use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
