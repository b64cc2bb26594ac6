#[endpoint(version = "1.0")]
trait Own {
    #[cast]
    async fn note(&self, #[context] ctx: &NovaContext, text: String);
}
