//! What a wait that ended in vain is called.

use crate::error::NotSentReason;
use crate::transport::{DriverError, Health};
use tokio::sync::watch;
use tokio::time::Instant;

/// A driver's failure to have a connection, for somebody who wanted to send.
pub(crate) fn not_sent(error: DriverError, health: &Health) -> NotSentReason {
    match error {
        DriverError::Closed => NotSentReason::Closed,
        DriverError::Unreachable { waited, cause } => {
            NotSentReason::Unreachable { waited, attempts: attempts(health), cause }
        }
        DriverError::Refused { what, cause } => NotSentReason::Refused { what, cause },
        DriverError::Unsupported { driver, capability } => NotSentReason::Unsupported { driver, capability },
    }
}

/// Resolves when more connection attempts have failed from now on than `retry` allows; never without a limit.
pub(crate) async fn attempts_used_up(
    mut health: watch::Receiver<Health>,
    retry: Option<u32>,
    since: Instant,
) -> NotSentReason {
    let Some(retry) = retry else { return std::future::pending().await };
    let mut seen = attempts(&health.borrow_and_update());
    let mut failed = 0;
    loop {
        if health.changed().await.is_err() {
            return NotSentReason::Closed;
        }
        let health = health.borrow_and_update();
        // A smaller number is that of another outage.
        failed += attempts(&health).saturating_sub(seen);
        seen = attempts(&health);
        if failed > retry {
            let (waited, cause) = (since.elapsed(), last_failure(&health));
            return NotSentReason::Unreachable { waited, attempts: failed, cause };
        }
    }
}

fn attempts(health: &Health) -> u32 {
    match health {
        Health::Connecting { attempts, .. } | Health::Reconnecting { attempts, .. } => *attempts,
        _ => 0,
    }
}

fn last_failure(health: &Health) -> String {
    match health {
        Health::Connecting { last: Some(last), .. } | Health::Reconnecting { last: Some(last), .. } => {
            last.to_string()
        }
        _ => "no connection".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn only_attempts_that_fail_from_now_on_count() {
        let down = |attempts| Health::Connecting { attempts, last: None };
        let (health, seen) = watch::channel(down(7));
        let mut used_up = Box::pin(attempts_used_up(seen, Some(1), Instant::now()));
        let mut after = |state| {
            health.send_replace(state);
            used_up.as_mut().now_or_never()
        };
        assert_eq!(after(down(7)), None, "those of before");
        assert_eq!(after(down(8)), None, "the first try");
        assert_eq!(after(Health::Ready { node: "n".into() }), None);
        assert_eq!(after(down(0)), None, "another outage");
        let ended = after(down(1));
        assert!(matches!(ended, Some(NotSentReason::Unreachable { attempts: 2, .. })), "{ended:?}");
    }
}
