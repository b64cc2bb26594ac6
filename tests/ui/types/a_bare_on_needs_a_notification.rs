use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on]
    async fn changed(&self, event: Event<serde_json::Value>);
}

fn main() {}
