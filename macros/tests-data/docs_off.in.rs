/// Kept on this side.
#[endpoint(version = "1.0", docs = false)]
trait Quiet {
    /// Kept on this side.
    async fn show(
        &self,
        /// Kept on this side.
        id: u32,
    ) -> Result<u32, Infallible>;
}
