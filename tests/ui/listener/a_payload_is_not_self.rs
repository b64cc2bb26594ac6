use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, event: Event<Box<Self>>);
}

fn main() {}
