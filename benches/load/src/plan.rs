//! What a load consists of.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Servers that each fanout message goes to.
pub const FANOUT_SERVERS: u64 = 4;

/// What one message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A request that is echoed; its latency ends with the reply
    Call,
    /// A one-way message; its latency ends with the broker's confirm, its rate counts what the server handled
    Cast,
    /// A one-way message to all of four servers in one process; a message is done when the four have handled it
    Fanout,
    /// A notification by the driver messagingv2; its latency ends with the broker's confirm into the queue, its rate counts
    /// the confirmed ones. A listener of the same peer empties the queue meanwhile
    Notify,
    /// Notifications that a listener handles, each acknowledged after its handler; a queue that is filled beforehand gives
    /// the rate, and there is no latency
    Listen,
}

impl What {
    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Cast => "cast",
            Self::Fanout => "fanout",
            Self::Notify => "notify",
            Self::Listen => "listen",
        }
    }

    /// What the rate counts, in the plural.
    pub fn counted(self) -> &'static str {
        match self {
            Self::Call => "calls",
            Self::Cast => "casts",
            Self::Fanout => "fanout casts",
            Self::Notify => "notifications sent",
            Self::Listen => "notifications handled",
        }
    }

    /// Whether it goes through the queue of a topic's priority.
    pub fn is_of_notifications(self) -> bool {
        matches!(self, Self::Notify | Self::Listen)
    }

    /// Whether a message is done when servers have handled it, which they are asked for.
    pub(crate) fn is_done_when_handled(self) -> bool {
        matches!(self, Self::Cast | Self::Fanout)
    }

    /// How many servers handle each message.
    pub(crate) fn copies(self) -> u64 {
        if self == Self::Fanout { FANOUT_SERVERS } else { 1 }
    }
}

/// A load on a command line.
#[derive(Args, Clone, Copy, Debug)]
pub struct LoadOptions {
    /// What one message is.
    #[arg(long, value_enum)]
    pub what: What,
    /// Messages under way at a time.
    #[arg(long)]
    pub inflight: usize,
    /// Bytes of the one string in each.
    #[arg(long)]
    pub size: usize,
    /// Length of the window.
    #[arg(long)]
    pub seconds: f64,
    /// Load before it.
    #[arg(long)]
    pub warmup: f64,
}

/// A load.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What one message is.
    pub what: What,
    /// Messages under way at a time.
    pub inflight: usize,
    /// Bytes of the one string in each.
    pub size: usize,
    /// Load before the window opens.
    pub warmup: Duration,
    /// Length of the window.
    pub window: Duration,
}

impl LoadOptions {
    /// # Errors
    /// Times that cannot be.
    pub fn plan(&self) -> Result<Plan> {
        Ok(Plan {
            what: self.what,
            inflight: self.inflight,
            size: self.size,
            warmup: seconds(self.warmup)?,
            window: seconds(self.seconds)?,
        })
    }
}

fn seconds(value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| Error::Usage(format!("{value} seconds: {error}")))
}
