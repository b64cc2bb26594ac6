#[listener]
trait Events {
    #[on(info)]
    fn broken(&self, event: Event<u8>);

    #[on(info)]
    async fn has_a_body(&self, event: Event<u8>) {}

    #[on(info)]
    async fn sound(&self, event: Event<u8>);
}
