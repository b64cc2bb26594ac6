use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed<P>(&self, event: Event<P>);
}

fn main() {}
