//! Why a listener cannot be built or started.

use crate::transport::DriverError;

/// A listener cannot be built as described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerBuildError {
    /// A target or pool that cannot be listened to: a name that the broker cannot hold, a server name, a fanout.
    #[error("invalid target: {0}")]
    InvalidTarget(String),
    /// There is nothing to call, or nothing that takes any priority.
    #[error("the listener has no method that takes notifications; add an endpoint with `.endpoint(..)`")]
    NoMethod,
    /// A filter's pattern is none of Python's regular expressions, or Rust's `regex` cannot express it.
    #[error("the filter of `{method}` on {field}: `{pattern}` cannot be used: {reason}")]
    Pattern {
        /// `<endpoint>.<method>`.
        method: String,
        /// What it filters on: `event_type`, `publisher_id`, `context.<key>`, `metadata.<key>`, `payload.<key>`.
        field: String,
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A method takes several notifications at a time, and it was not said how many and how long to wait for them.
    #[error("`{method}` takes several notifications at a time; say how many with `.batch(size, timeout)`")]
    BatchUnset {
        /// `<endpoint>.<method>`.
        method: String,
    },
    /// Batches of no notification.
    #[error("a batch of size 0 would hold nothing")]
    EmptyBatch,
    /// The concurrency is 0.
    #[error("a concurrency of 0 would handle nothing")]
    NoConcurrency,
    /// The driver lacks what was asked for.
    #[error("the {driver} driver has no {capability}")]
    Unsupported {
        /// Name of the driver.
        driver: &'static str,
        /// What is missing.
        capability: &'static str,
    },
}

/// A listener cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerStartError {
    /// It is running, or still stopping.
    #[error("the listener is running already")]
    AlreadyRunning,
    /// There is no tokio runtime to run handlers on.
    #[error("a listener starts within a tokio runtime, which then runs its handlers")]
    NoRuntime,
    /// The broker cannot be reached or refuses the listener's queues.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals: {0}")]
    Signals(#[from] std::io::Error),
}
