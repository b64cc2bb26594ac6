#[endpoint(version = "1.0")]
pub(crate) trait Caches {
    /// Drops what is cached.
    #[cast(fanout, aliases = ["refresh_caches"])]
    async fn refresh(&self, ctx: &Context);
}
