//! The handle under every client, generated or not.

use super::invoke::Invoke;
use super::options::CallOptions;
use crate::version::Version;
use std::sync::Arc;

/// What a client calls through: an [`Invoke`] with the options that [`prepare`](Self::prepare) has set. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(crate) invoke: Arc<dyn Invoke>,
    pub(crate) options: CallOptions,
}

impl Caller {
    /// A caller over `invoke` without options.
    pub fn new(invoke: Arc<dyn Invoke>) -> Self {
        Self { invoke, options: CallOptions::default() }
    }

    /// A caller with further options; this one keeps its own.
    ///
    /// Corresponds to `RPCClient.prepare`.
    ///
    /// ```
    /// use oslo_messaging::testing::Recorder;
    /// use oslo_messaging::version::Version;
    ///
    /// let caller = Recorder::new().caller();
    /// let pinned = caller.prepare(|options| options.version_cap(Version::new(5, 2)).retry(3));
    /// assert!(!pinned.can_send_version(Version::new(5, 3)));
    /// assert!(caller.can_send_version(Version::new(5, 3)));
    /// ```
    #[must_use]
    pub fn prepare(&self, f: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self { invoke: Arc::clone(&self.invoke), options: f(self.options.clone()) }
    }

    /// The options so far.
    pub fn options(&self) -> &CallOptions {
        &self.options
    }

    /// Whether a request that needs `version` may be sent under the version cap.
    ///
    /// Corresponds to `RPCClient.can_send_version`.
    pub fn can_send_version(&self, version: Version) -> bool {
        self.options.can_send_version(version)
    }
}

impl From<&Caller> for Caller {
    fn from(caller: &Caller) -> Self {
        caller.clone()
    }
}
