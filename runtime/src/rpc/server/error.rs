//! Why a server cannot be built or started.

use crate::contract::EndpointCollision;
use crate::transport::DriverError;

/// A server cannot be built as described.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The target cannot be served: no topic, no server name, a name that the broker cannot hold.
    #[error("invalid target: {0}")]
    InvalidTarget(String),
    /// There is nothing to serve.
    #[error("the server has no endpoint; add one with `.endpoint(..)`")]
    NoEndpoint,
    /// An endpoint hides methods of a later one; [`allow_shadowing`](super::RpcServerBuilder::allow_shadowing) accepts it.
    #[error("{0}")]
    Shadowed(#[from] EndpointCollision),
    /// The concurrency is 0.
    #[error("a concurrency of 0 would serve nothing")]
    NoConcurrency,
}

/// A server cannot be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It is running, or still stopping.
    #[error("the server is running already")]
    AlreadyRunning,
    /// There is no tokio runtime to run handlers on.
    #[error("a server starts within a tokio runtime, which then runs its handlers")]
    NoRuntime,
    /// The broker cannot be reached or refuses the server's queues.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// Signals cannot be listened to.
    #[error("cannot listen to signals: {0}")]
    Signals(#[from] std::io::Error),
}
