use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(event: Event<u32>);
}

fn main() {}
