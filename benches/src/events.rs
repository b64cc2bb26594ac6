//! What a server or client process tells `run`: one JSON object a line on its standard output. `python/*.py` say the same.

use serde::{Deserialize, Serialize};

use crate::error::Result;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// The server's consumers are there.
    Ready,
    /// The measuring window opens now.
    Start,
    /// The measuring window is closed.
    End,
    /// The client is done; it waits for the end of its standard input, so that its memory can still be read.
    Result(ClientResult),
}

/// A client's own figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClientResult {
    /// Length of the window.
    pub(crate) seconds: f64,
    /// Calls answered in the window; casts handled by the server in it.
    pub(crate) done: u64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    /// Failed calls or casts, warm-up included, and casts that were confirmed and never handled.
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// Messages that went to a queue that does not exist, and how many of them failed as unroutable.
    pub(crate) missing: u64,
    pub(crate) unroutable: u64,
}

impl ClientResult {
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    pub(crate) fn unroutable_ok(&self) -> bool {
        self.missing > 0 && self.missing == self.unroutable
    }
}

pub(crate) fn tell(event: &Event) -> Result<()> {
    println!("{}", serde_json::to_string(event)?);
    Ok(())
}
