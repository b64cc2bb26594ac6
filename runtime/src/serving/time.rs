//! Points in time.

use std::time::Duration;
use tokio::time::Instant;

/// A point so far away that it never comes; durations of users may be anything.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// `duration` after `start`, or as good as never.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    start + duration.min(FAR)
}
