use oslo_messaging::listener;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, id: u32);
}

fn main() {}
