#[endpoint(version = "1.0", client = Caller, endpoint = Server, crate = renamed::messaging)]
trait Names {
    #[cast]
    async fn r#match(&self, request: rt::S, service: Index, r#type: [u8; r#match()]);
}
