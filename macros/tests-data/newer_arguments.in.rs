#[endpoint(version = "2.4")]
trait Newer {
    #[cast(since = "2.1")]
    async fn update(
        &self,
        #[arg(since = "2.2")] zone: Option<String>,
        #[arg(since = "2.3", drop)] reason: Option<String>,
        #[arg(since = "2.4", default = 1 + 2)] count: u32,
    );
}
