use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, first: Event<u32>, second: Event<u32>);
}

fn main() {}
