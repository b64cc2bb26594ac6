use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    #[filter(payload(state = r"a", "state" = r"b"))]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
