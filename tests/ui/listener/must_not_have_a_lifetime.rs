use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed<'a>(&'a self, event: Event<u32>);
}

fn main() {}
