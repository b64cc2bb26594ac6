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

/// Resolves when more connection attempts have failed than `retry` allows; never without a limit.
pub(crate) async fn attempts_used_up(
    mut health: watch::Receiver<Health>,
    retry: Option<u32>,
    since: Instant,
) -> NotSentReason {
    let Some(retry) = retry else { return std::future::pending().await };
    match health.wait_for(|health| attempts(health) > retry).await {
        Ok(health) => NotSentReason::Unreachable {
            waited: since.elapsed(),
            attempts: attempts(&health),
            cause: last_failure(&health),
        },
        Err(_) => NotSentReason::Closed,
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
