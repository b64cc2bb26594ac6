#[listener(endpoint = Sink, crate = messaging)]
#[cfg(unix)]
pub(crate) trait Collide {
    #[cfg(feature = "rt")]
    #[on(info)]
    async fn r#match(&self, event: Event<rt::METHODS<S>>) -> S;

    #[on(info)]
    async fn METHODS(&self, event: Event<u8>);
}
