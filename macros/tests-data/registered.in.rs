#[cfg(unix)]
#[register(state = crate::App)]
impl api::Compute for Manager {
    async fn stop(&self) {}
}
