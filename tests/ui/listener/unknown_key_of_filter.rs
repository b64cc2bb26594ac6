use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    #[filter(publisher = r"compute")]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
