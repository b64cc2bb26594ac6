//! Counts calls while they run.

use crate::transport::TransportCounters;

/// Counts a call as in flight until it has ended, or as dropped.
pub(super) struct InFlight<'a> {
    counters: &'a TransportCounters,
    /// Set when the call has its outcome; dropped before, it was given up.
    pub(super) ended: bool,
}

impl<'a> InFlight<'a> {
    pub(super) fn begin(counters: &'a TransportCounters) -> Self {
        counters.calls.add();
        Self { counters, ended: false }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.counters.calls_ended.add();
        if !self.ended {
            self.counters.dropped_calls.add();
        }
    }
}
