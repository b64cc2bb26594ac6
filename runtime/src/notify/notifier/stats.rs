//! What a notifier counts, and how its failures reach the log.

use crate::serving::LogLimit;
use crate::transport::Counter;

/// What a notifier has done so far. A snapshot; all counts since it was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotifierStats {
    /// Notifications that every driver has taken.
    pub sent: u64,
    /// Notifications that at least one driver has not taken.
    pub failed: u64,
}

/// The live side of [`NotifierStats`].
#[derive(Debug, Default)]
pub(super) struct NotifierCounters {
    pub(super) sent: Counter,
    pub(super) failed: Counter,
    log: LogLimit,
}

impl NotifierCounters {
    pub(super) fn snapshot(&self) -> NotifierStats {
        NotifierStats { sent: self.sent.get(), failed: self.failed.get() }
    }

    /// Says that a notification was not taken, whether or not the caller looks at the error.
    pub(super) fn log(&self, error: &super::NotifyError) {
        if let Some(unlogged) = self.log.pass() {
            tracing::error!(unlogged, "{error}");
        }
    }
}
