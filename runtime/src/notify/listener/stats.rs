//! Counters of a listener.

use crate::transport::Counter;

/// What one run of a listener has done so far. A snapshot; all counts since `start`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListenerStats {
    /// Messages delivered by the broker.
    pub received: u64,
    /// Notifications being handled at this moment; a batch counts as one.
    pub running: u64,
    /// Messages waiting in this process for a free slot or for their batch to close.
    pub waiting: u64,
    /// Notifications done with: every method that takes them has ended, or asked for them again where that is not allowed.
    pub handled: u64,
    /// Notifications given back to their queue.
    pub requeued: u64,
    /// Notifications of which a method failed or panicked. Where they are not given back, they are done with, or dead letters
    /// if they did not fit another method.
    pub failed: u64,
    /// Notifications dropped because no method takes their priority, or they have none.
    pub dropped: u64,
    /// Notifications dropped because no method of their priority wants this one.
    pub filtered: u64,
    /// Messages known from a copy: those that came after it was done with, and those that came during that and shared
    /// its fate.
    pub duplicates: u64,
    /// Messages that could not be read, or are over a limit.
    pub malformed: u64,
    /// Payloads that did not fit their method's type, counted for each method.
    pub unfit: u64,
    /// Notifications published again with their redeliveries counted, in place of being given back.
    pub republished: u64,
    /// Notifications moved to the dead letters.
    pub dead_lettered: u64,
}

/// The live side of [`ListenerStats`].
#[derive(Debug, Default)]
pub(super) struct ListenerCounters {
    pub(super) received: Counter,
    pub(super) handled: Counter,
    pub(super) requeued: Counter,
    pub(super) failed: Counter,
    pub(super) dropped: Counter,
    pub(super) filtered: Counter,
    pub(super) duplicates: Counter,
    pub(super) malformed: Counter,
    pub(super) unfit: Counter,
    pub(super) republished: Counter,
    pub(super) dead_lettered: Counter,
}

impl ListenerCounters {
    pub(super) fn snapshot(&self, running: usize, waiting: usize) -> ListenerStats {
        ListenerStats {
            received: self.received.get(),
            running: running as u64,
            waiting: waiting as u64,
            handled: self.handled.get(),
            requeued: self.requeued.get(),
            failed: self.failed.get(),
            dropped: self.dropped.get(),
            filtered: self.filtered.get(),
            duplicates: self.duplicates.get(),
            malformed: self.malformed.get(),
            unfit: self.unfit.get(),
            republished: self.republished.get(),
            dead_lettered: self.dead_lettered.get(),
        }
    }
}
