//! When a request began and until when it may take.

use crate::contract::Invocation;
use crate::error::RequestInfo;
use crate::serving::after;
use std::time::Duration;
use tokio::time::Instant;

/// When a request began and by when it ends.
pub(super) struct Begun {
    pub(super) at: Instant,
    pub(super) deadline: Instant,
}

impl Begun {
    /// A call: its timeout counts from here, and the request being handled, if any, caps it.
    pub(super) fn call(invocation: &Invocation, default_timeout: Duration) -> Self {
        let mut begun = Self::cast(invocation, default_timeout);
        if let Some(limit) = invocation.context.deadline() {
            begun.deadline = begun.deadline.min(Instant::from_std(limit));
        }
        begun
    }

    /// A cast: nobody waits for its end, so only its own timeout bounds the wait for the broker.
    pub(super) fn cast(invocation: &Invocation, default_timeout: Duration) -> Self {
        let at = Instant::now();
        Self { at, deadline: after(at, invocation.options.timeout.unwrap_or(default_timeout)) }
    }

    /// The whole time that it may take.
    pub(super) fn time(&self) -> Duration {
        self.deadline.saturating_duration_since(self.at)
    }

    /// What an error says of the request.
    pub(super) fn info(&self, invocation: &Invocation, node: Option<String>) -> RequestInfo {
        RequestInfo { node, elapsed: self.at.elapsed(), ..invocation.info() }
    }
}
