use oslo_messaging::notify::Event;
use oslo_messaging::{Context, listener};

#[listener(nickname = "e")]
trait Events {
    #[on(infos, event_type = "")]
    fn changed(&self, id: u32) -> impl Sized;

    async fn failed(&self);

    #[on(event_type = "volume.*")]
    #[filter]
    async fn many(&mut self, _ctx: &Context, _events: Vec<Event<&str>>) {}
}

fn main() {}
