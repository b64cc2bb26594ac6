//! What can go wrong under load.

/// The outcome of what can go wrong under load.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong under load, worded for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Standard input or output.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// An event cannot be written.
    #[error("writing an event as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The command line asks for what cannot be.
    #[error("{0}")]
    Usage(String),
    /// A peer does not do what it is there for.
    #[error("{0}")]
    Peer(String),
}
