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
    /// A listener has handled so many notifications, and ends.
    Handled { count: u64 },
    /// The client is done; it waits for the end of its standard input, so that its memory can still be read.
    Result(ClientResult),
}

/// A client's own figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClientResult {
    /// Length of the window.
    pub(crate) seconds: f64,
    /// Calls answered in the window; casts handled by the server in it; notifications confirmed, or handled, in it.
    pub(crate) done: u64,
    /// None for a listener: what it handles has waited for it.
    pub(crate) p50_us: Option<u64>,
    pub(crate) p99_us: Option<u64>,
    /// Messages that succeeded since the start.
    pub(crate) sent: u64,
    /// Failed messages, warm-up included, and casts and notifications that were confirmed and never handled.
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    /// None where the peer has nothing to show.
    pub(crate) unroutable: Option<Probes>,
}

/// Messages that find no queue.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Probes {
    pub(crate) sent: u64,
    /// Those of them that failed as unroutable; of our notifications those that came into a queue that was made again.
    pub(crate) returned: u64,
}

impl ClientResult {
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    /// Whether the check passed; none where there is none.
    pub(crate) fn unroutable_ok(&self) -> Option<bool> {
        self.unroutable.map(|Probes { sent, returned }| sent > 0 && sent == returned)
    }

    /// Whether the figures count: no check has failed.
    pub(crate) fn is_valid(&self) -> bool {
        self.unroutable_ok() != Some(false)
    }

    pub(crate) fn failed(&mut self, count: u64, why: String) {
        self.errors += count;
        self.first_error.get_or_insert(why);
    }
}

pub(crate) fn tell(event: &Event) -> Result<()> {
    println!("{}", serde_json::to_string(event)?);
    Ok(())
}
