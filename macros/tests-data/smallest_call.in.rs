#[endpoint(version = "1.0")]
trait Ping {
    async fn ping(&self) -> Result<String, Infallible>;
}
