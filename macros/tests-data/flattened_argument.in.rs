#[endpoint(version = "1.0", unknown_args = "ignore")]
trait Lists {
    async fn list(&self, ctx: &Context, #[arg(flatten)] query: ListQuery) -> Result<Vec<String>, Infallible>;

    async fn tag(&self, #[arg(flatten)] tags: HashMap<String, String>, id: u32) -> Result<(), Infallible>;
}
