use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events {
    #[on(info)]
    async unsafe fn changed(&self, event: Event<u32>);
}

fn main() {}
