#[endpoint(version = "1.0", docs = false)]
trait Defaults: Named {
    /// Says hello.
    #[deprecated(note = "use `greet`")]
    #[tracing::instrument(skip_all)]
    async fn hello(&self, name: &str) -> Result<String, Infallible> {
        Ok(format!("hello {name}"))
    }
}
