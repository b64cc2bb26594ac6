//! A request that the broker has refused: when it is sent again, and what may be said of it afterwards.

use crate::transport::PublishError;
use std::time::Duration;
use tokio::time::Instant;

/// The pause before a request is sent again; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The refusals of one request.
pub(super) struct Refusals {
    pause: Duration,
    any: bool,
}

impl Refusals {
    pub(super) fn none() -> Self {
        Self { pause: FIRST_PAUSE, any: false }
    }

    /// Notes one; when to send again, if that is before `deadline`.
    pub(super) fn again(&mut self, deadline: Instant) -> Option<Instant> {
        self.any = true;
        let again = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        (again < deadline).then_some(again)
    }

    /// The last outcome as the outcome of all: a refused message may have reached its queue all the same, so that no later
    /// one is a proof that it has not.
    pub(super) fn sum_up(&self, last: PublishError) -> PublishError {
        if !self.any {
            return last;
        }
        let refused = "the broker refused responsibility (basic.nack), and then";
        match last {
            PublishError::NotSent(reason) => PublishError::Unconfirmed {
                cause: format!("{refused} it was not sent again: {reason}"),
                node: None,
            },
            PublishError::Returned { code, text, node, .. } => {
                PublishError::Unconfirmed { cause: format!("{refused} returned it: {code} {text}"), node }
            }
            other => other,
        }
    }
}
