//! What can go wrong while measuring, worded for the person at the terminal.

use std::path::PathBuf;
use std::time::Duration;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Load(#[from] bench_load::Error),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("cannot start {program:?}: {source}")]
    Start { program: PathBuf, source: std::io::Error },
    #[error("the {who} said nothing for {limit:?} (waiting for {what})")]
    Silent { who: String, what: &'static str, limit: Duration },
    #[error("the {who} ended before it was done (waiting for {what}); its own words are above")]
    Ended { who: String, what: &'static str },
    #[error("the {who} said {line:?} where {what} was expected")]
    Unexpected { who: String, what: &'static str, line: String },
    #[error("AMQP: {0}")]
    Amqp(#[from] lapin::Error),
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Peer(String),
    #[error("writing the result as JSON: {0}")]
    Json(#[from] serde_json::Error),
}
