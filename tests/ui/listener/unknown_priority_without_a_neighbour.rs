use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(urgent)]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
