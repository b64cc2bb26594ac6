/// The broken method stays in the trait; everything else is generated without it.
#[endpoint(version = "1.0")]
trait Partly {
    #[cast]
    async fn fine(&self);

    #[cast(since = "2.0", timeout = "1s")]
    async fn broken(&mut self);
}
