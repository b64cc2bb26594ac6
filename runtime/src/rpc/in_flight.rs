//! Counts calls while they run.

use crate::transport::TransportCounters;
use std::sync::Arc;

/// Counts a call as in flight until it has ended, or as dropped.
pub(super) struct InFlight {
    counters: Arc<TransportCounters>,
    /// Set when the call has its outcome; dropped before, it was given up.
    pub(super) ended: bool,
}

impl InFlight {
    pub(super) fn begin(counters: &Arc<TransportCounters>) -> Self {
        counters.calls.add();
        Self { counters: Arc::clone(counters), ended: false }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.calls_ended.add();
        if !self.ended {
            self.counters.dropped_calls.add();
        }
    }
}
