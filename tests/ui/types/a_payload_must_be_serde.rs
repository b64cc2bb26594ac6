use oslo_messaging::listener;
use oslo_messaging::notify::Event;

struct Foo;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, event: Event<Foo>);
}

fn main() {}
