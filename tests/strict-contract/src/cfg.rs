//! `#[cfg]` on methods and on traits.

use messaging::error::RemoteFailure;

/// Administration.
#[messaging::endpoint(version = "1.0", crate = messaging)]
pub trait Admin {
    /// Only for administrators; first, so that what follows changes its number.
    #[cfg(feature = "admin")]
    async fn purge(&self) -> Result<(), RemoteFailure>;

    /// One of two methods with the same name.
    #[cfg(feature = "admin")]
    async fn level(&self) -> Result<u32, RemoteFailure>;

    /// One of two methods with the same name.
    #[cfg(not(feature = "admin"))]
    async fn level(&self) -> Result<u32, RemoteFailure>;

    /// Always there.
    async fn name(&self) -> Result<String, RemoteFailure>;
}

/// Not there at all: nothing generated may be.
#[messaging::endpoint(version = "1.0", crate = messaging)]
#[cfg(any())]
pub trait Absent {
    /// Does nothing.
    #[cast]
    async fn nothing(&self, missing: DoesNotExist);
}

/// Notifications, some of them for administrators.
#[messaging::listener(crate = messaging)]
pub trait AdminEvents {
    /// Only for administrators; first, so that what follows changes its number.
    #[cfg(feature = "admin")]
    #[on(audit)]
    async fn purged(&self, event: messaging::notify::Event<u32>);

    /// One of two methods with the same name.
    #[cfg(feature = "admin")]
    #[on(info)]
    async fn level(&self, event: messaging::notify::Event<u32>);

    /// One of two methods with the same name.
    #[cfg(not(feature = "admin"))]
    #[on(info)]
    async fn level(&self, events: Vec<messaging::notify::Event<u32>>);

    /// Always there.
    #[on(error)]
    async fn failed(&self, event: messaging::notify::Event);
}

/// Not there at all: nothing generated may be.
#[messaging::listener(crate = messaging)]
#[cfg(any())]
pub trait AbsentEvents {
    /// Does nothing.
    #[on(info)]
    async fn nothing(&self, event: messaging::notify::Event<DoesNotExist>);
}
