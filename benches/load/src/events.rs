//! What a server or client process tells `run`: one JSON object a line on its standard output. `python/*.py` say the same.

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// A line of a server or client process.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The server's consumers are there.
    Ready {
        /// Where it listens, if that is no topic of a broker.
        #[serde(default)]
        address: Option<String>,
        /// A broker that it has started for itself.
        #[serde(default)]
        broker_pid: Option<u32>,
    },
    /// The measuring window opens now.
    Start,
    /// The measuring window is closed.
    End,
    /// A listener has handled so many notifications, and ends.
    Handled {
        /// How many.
        count: u64,
    },
    /// The client is done; it waits for the end of its standard input, so that its memory can still be read.
    Result(ClientResult),
}

impl Event {
    /// A server of a broker's topic is ready.
    pub const READY: Self = Self::Ready { address: None, broker_pid: None };
}

/// A client's own figures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientResult {
    /// Length of the window.
    pub seconds: f64,
    /// Calls answered in the window; casts handled by the server in it; notifications confirmed, or handled, in it.
    pub done: u64,
    /// What half of the latencies do not exceed. None for a listener: what it handles has waited for it.
    pub p50_us: Option<u64>,
    /// The same for 99 of 100.
    pub p99_us: Option<u64>,
    /// Messages that succeeded since the start.
    pub sent: u64,
    /// Failed messages, warm-up included, and casts and notifications that were confirmed and never handled.
    pub errors: u64,
    /// The first of them.
    pub first_error: Option<String>,
    /// None where the peer has nothing to show.
    pub unroutable: Option<Probes>,
}

/// Messages that find no queue.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Probes {
    /// How many.
    pub sent: u64,
    /// Those of them that failed as unroutable; of our notifications those that came into a queue that was made again.
    pub returned: u64,
}

impl ClientResult {
    /// Messages done a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    /// Whether the check passed; none where there is none.
    pub fn unroutable_ok(&self) -> Option<bool> {
        self.unroutable.map(|Probes { sent, returned }| sent > 0 && sent == returned)
    }

    /// Whether the figures count: no check has failed.
    pub fn is_valid(&self) -> bool {
        self.unroutable_ok() != Some(false)
    }

    /// Whether nothing has failed.
    pub fn is_sound(&self) -> bool {
        self.is_valid() && self.errors == 0
    }

    /// Counts failures.
    pub fn failed(&mut self, count: u64, why: String) {
        self.errors += count;
        self.first_error.get_or_insert(why);
    }
}

/// Prints an event.
///
/// # Errors
/// None but those of JSON.
pub fn tell(event: &Event) -> Result<()> {
    println!("{}", serde_json::to_string(event)?);
    Ok(())
}
