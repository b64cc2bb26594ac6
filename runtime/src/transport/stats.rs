//! Counters of a transport: what its callers sent, got back and could not place.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the clients of one [`Transport`](super::Transport) have done so far. A snapshot; all counts since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportStats {
    /// Calls begun.
    pub calls: u64,
    /// Calls that wait for an answer at this moment.
    pub calls_in_flight: u64,
    /// Casts begun, fanouts included.
    pub casts: u64,
    /// Final replies that reached their caller.
    pub replies: u64,
    /// Signs of life of running calls.
    pub heartbeats: u64,
    /// Replies that nobody waits for: their call had timed out or was dropped, or is not of this process.
    pub late_replies: u64,
    /// Replies that could not be read.
    pub malformed_replies: u64,
    /// Calls and casts that the broker returned, having no queue for them.
    pub unroutable: u64,
    /// Calls without an answer by their deadline.
    pub timeouts: u64,
    /// Calls whose server fell silent.
    pub servers_lost: u64,
    /// Calls given up by dropping them.
    pub dropped_calls: u64,
    /// Connections lost while replies were consumed.
    pub connections_lost: u64,
}

/// One counter, bumped from any thread.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.add_many(1);
    }

    pub(crate) fn add_many(&self, count: u64) {
        // Counters order nothing, so relaxed is enough.
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The live side of [`TransportStats`].
#[derive(Debug, Default)]
pub(crate) struct TransportCounters {
    pub(crate) calls: Counter,
    pub(crate) casts: Counter,
    pub(crate) replies: Counter,
    pub(crate) heartbeats: Counter,
    pub(crate) late_replies: Counter,
    pub(crate) malformed_replies: Counter,
    pub(crate) unroutable: Counter,
    pub(crate) timeouts: Counter,
    pub(crate) servers_lost: Counter,
    pub(crate) dropped_calls: Counter,
    pub(crate) connections_lost: Counter,
    /// Calls that have ended in any way; what is begun and not ended is in flight.
    pub(crate) calls_ended: Counter,
}

impl TransportCounters {
    pub(crate) fn snapshot(&self) -> TransportStats {
        // Ended before begun: read the other way round, a call between the two reads would count as minus one.
        let ended = self.calls_ended.get();
        let calls = self.calls.get();
        TransportStats {
            calls,
            calls_in_flight: calls.saturating_sub(ended),
            casts: self.casts.get(),
            replies: self.replies.get(),
            heartbeats: self.heartbeats.get(),
            late_replies: self.late_replies.get(),
            malformed_replies: self.malformed_replies.get(),
            unroutable: self.unroutable.get(),
            timeouts: self.timeouts.get(),
            servers_lost: self.servers_lost.get(),
            dropped_calls: self.dropped_calls.get(),
            connections_lost: self.connections_lost.get(),
        }
    }
}
