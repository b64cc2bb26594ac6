//! How long a monitored call has heard nothing of its server, not counting what is our own or the broker's fault.

use crate::serving::after;
use crate::transport::Health;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The clock of a monitored call. It stands still while nothing that a server says could arrive.
pub(super) struct Monitor {
    /// How long a server may be silent.
    silence: Duration,
    since: Instant,
    health: watch::Receiver<Health>,
}

impl Monitor {
    pub(super) fn new(silence: Duration, health: watch::Receiver<Health>) -> Self {
        Self { silence, since: Instant::now(), health }
    }

    /// When the server's time is up.
    pub(super) fn due(&self) -> Instant {
        after(self.since, self.silence)
    }

    /// The server's time begins anew.
    pub(super) fn restart(&mut self) {
        self.since = Instant::now();
    }

    /// How long the server was silent.
    pub(super) fn silent_for(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether the server could have been heard.
    pub(super) fn could_hear(&self) -> bool {
        self.health.borrow().is_ready()
    }

    /// Resolves when the connection is lost, blocked or back.
    pub(super) async fn disturbed(&mut self) {
        if self.health.changed().await.is_err() {
            // The driver is gone and ends its calls itself.
            std::future::pending().await
        }
    }
}
