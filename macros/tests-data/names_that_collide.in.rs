#[endpoint(version = "1.0", client = Caller, endpoint = Server, crate = renamed::messaging)]
trait Names {
    #[cast]
    async fn r#match(&self, request: rt::S, service: Index, r#type: [u8; r#match()]);

    async fn show(&self, #[arg(default = show())] id: u32) -> Result<(), Infallible>;
    async fn show_handler(&self) -> Result<(), Infallible>;
    async fn default_1_0(&self) -> Result<(), Infallible>;
}
