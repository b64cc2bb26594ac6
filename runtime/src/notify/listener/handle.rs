//! What a started listener is held by.

use super::run::Run;
use super::stats::ListenerStats;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A running listener. Cheap to clone; a handler that wants to stop its listener keeps a clone in its own state.
///
/// Dropping it leaves the listener running.
#[derive(Clone)]
pub struct ListenerHandle {
    run: Arc<Run>,
}

/// How a listener ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Notifications (or batches) that were being handled when the stop began, and were handled to their end.
    pub finished: usize,
    /// Notifications that had been delivered but not begun, and went back to their queues.
    pub returned_to_queue: usize,
    /// Notifications (or batches) whose handlers got no more time. They end at their next await, and their notifications
    /// go back to their queues.
    pub aborted: usize,
}

impl ListenerHandle {
    pub(super) fn new(run: Arc<Run>) -> Self {
        Self { run }
    }

    /// Begins the stop and returns at once: no further notification is begun, running handlers finish, and what they
    /// have handled is acknowledged. Its end is what [`wait`](Self::wait) waits for.
    ///
    /// A handler may call it. Called again it does nothing. Unlike Python's `MessageHandlingServer.stop`, it first
    /// cancels the consumers.
    pub fn stop(&self) {
        self.run.stop();
    }

    /// Waits until the listener has stopped and says how it went. Does not begin the stop.
    ///
    /// Handlers that still run `limit` after the stop began get no more time; neither do they after the `stop_limit` that
    /// the listener was built with. Called by a handler it waits for that handler itself. Dropping the future changes
    /// nothing.
    ///
    /// Corresponds to `MessageHandlingServer.wait`.
    pub async fn wait(&self, limit: Duration) -> Stopped {
        self.run.life.wait(limit).await
    }

    /// Runs until the process is asked to end (Ctrl-C or SIGTERM) or the listener is stopped, then stops in order. A second
    /// Ctrl-C gives running handlers no more time.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub async fn until_signal(&self) -> std::io::Result<Stopped> {
        self.run.life.until_signal(|| self.stop()).await
    }

    /// What this run has done so far.
    pub fn stats(&self) -> ListenerStats {
        self.run.stats()
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.run.life.has_ended()
    }
}

impl fmt::Debug for ListenerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenerHandle")
            .field("listener", &self.run.config.label)
            .field("life", &self.run.life)
            .finish_non_exhaustive()
    }
}
