use oslo_messaging::listener;
use oslo_messaging::notify::Event;

#[listener]
trait Events
where
    Self: Sized,
{
    #[on(info)]
    async fn changed(&self, event: Event<u32>);
}

fn main() {}
