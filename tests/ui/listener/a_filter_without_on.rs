use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[filter(publisher_id = r"compute")]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
