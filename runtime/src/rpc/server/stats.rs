//! Counters of a server.

use crate::transport::Counter;

/// What one run of a server has done so far. A snapshot; all counts since `start`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// Requests delivered by the broker.
    pub received: u64,
    /// Handlers running at this moment.
    pub running: u64,
    /// Requests waiting in this process for a free slot.
    pub waiting: u64,
    /// Handlers that ended with a result.
    pub succeeded: u64,
    /// Handlers that ended with an error that their contract declares.
    pub declared_errors: u64,
    /// Handlers that ended with any other error, panics included.
    pub internal_errors: u64,
    /// Requests refused before anything ran: unknown method or version, bad arguments.
    pub refused: u64,
    /// Requests not run because their connection was lost before they began: they are back in their queue.
    pub gone_back: u64,
    /// Requests dropped as duplicates.
    pub duplicates: u64,
    /// Requests that could not be read.
    pub malformed: u64,
    /// Requests not run because their reply address is not one.
    pub bad_reply_addresses: u64,
    /// Times that a reply was published again.
    pub replies_retried: u64,
    /// Replies given up: their address stayed away or too many others waited for theirs, no connection came in time, or
    /// not even the word that they are too large was within the limits.
    pub replies_lost: u64,
}

/// The live side of [`ServerStats`].
#[derive(Debug, Default)]
pub(crate) struct ServerCounters {
    pub(crate) received: Counter,
    pub(crate) succeeded: Counter,
    pub(crate) declared_errors: Counter,
    pub(crate) internal_errors: Counter,
    pub(crate) refused: Counter,
    pub(crate) gone_back: Counter,
    pub(crate) duplicates: Counter,
    pub(crate) malformed: Counter,
    pub(crate) bad_reply_addresses: Counter,
    pub(crate) replies_retried: Counter,
    pub(crate) replies_lost: Counter,
}

impl ServerCounters {
    pub(crate) fn snapshot(&self, running: usize, waiting: usize) -> ServerStats {
        ServerStats {
            received: self.received.get(),
            running: running as u64,
            waiting: waiting as u64,
            succeeded: self.succeeded.get(),
            declared_errors: self.declared_errors.get(),
            internal_errors: self.internal_errors.get(),
            refused: self.refused.get(),
            gone_back: self.gone_back.get(),
            duplicates: self.duplicates.get(),
            malformed: self.malformed.get(),
            bad_reply_addresses: self.bad_reply_addresses.get(),
            replies_retried: self.replies_retried.get(),
            replies_lost: self.replies_lost.get(),
        }
    }
}
