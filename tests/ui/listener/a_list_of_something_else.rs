use oslo_messaging::listener;

#[listener]
trait Events {
    #[on(info)]
    async fn changed(&self, ids: Vec<u32>);
}

fn main() {}
