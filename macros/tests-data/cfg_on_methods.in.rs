#[cfg(unix)]
#[endpoint(version = "1.0")]
pub trait Admin {
    #[cast]
    async fn stop(&self);

    /// Removes everything.
    #[cfg(feature = "admin")]
    #[cast]
    async fn purge(&self);
}
