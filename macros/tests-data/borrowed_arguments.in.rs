#[endpoint(version = "1.0")]
trait Borrow {
    #[cast]
    async fn take(&self, name: &str, ids: &[u32], zone: Option<&str>, #[arg(default = "web")] kind: &str);
}
