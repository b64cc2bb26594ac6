use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, #[cfg(unix)] event: Event<u32>);
}

fn main() {}
