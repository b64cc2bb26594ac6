//! Why a notification was not taken.

use super::priority::Priority;
use crate::error::NotSentReason;
use std::fmt;

/// A notification was not taken by every driver.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The payload does not encode; nothing was sent.
    #[error("notification `{event_type}` not sent: its payload does not encode: {cause}")]
    Payload {
        /// Event type.
        event_type: String,
        /// What the encoder said.
        cause: String,
    },
    /// Drivers failed.
    #[error(transparent)]
    Drivers(#[from] Box<DriversFailed>),
}

impl NotifyError {
    /// Whether somebody may have got it all the same.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::Payload { .. } => false,
            Self::Drivers(failed) => {
                !failed.taken_by.is_empty() || failed.failures.iter().any(|(_, f)| f.may_have_arrived())
            }
        }
    }
}

/// Which drivers failed to take a notification, and which took it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DriversFailed {
    /// Event type.
    pub event_type: String,
    /// Priority.
    pub priority: Priority,
    /// The notification's id.
    pub message_id: String,
    /// Drivers that failed, by name, and why.
    pub failures: Vec<(String, DriverFailure)>,
    /// Drivers that took it, by name.
    pub taken_by: Vec<String>,
}

impl fmt::Display for DriversFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event_type, priority, message_id, failures, taken_by } = self;
        let ends = ends(failures, taken_by);
        write!(f, "{priority} notification `{event_type}` (message id {message_id}): {ends}")
    }
}

/// How it went with several drivers.
fn ends(failures: &[(String, DriverFailure)], taken_by: &[String]) -> String {
    let failures = failures.iter().map(|(driver, failure)| format!("driver `{driver}`: {failure}"));
    let taken_by = (!taken_by.is_empty()).then(|| format!("taken by `{}`", taken_by.join("`, `")));
    failures.chain(taken_by).collect::<Vec<_>>().join("; ")
}

/// How it went with several topics.
fn topics(failures: &[DriverFailure], taken_by: &[String]) -> String {
    let failures = failures.iter().map(ToString::to_string);
    let taken_by =
        (!taken_by.is_empty()).then(|| format!("topics that have it: `{}`", taken_by.join("`, `")));
    failures.chain(taken_by).collect::<Vec<_>>().join("; ")
}

impl std::error::Error for DriversFailed {}

/// Why one driver did not take a notification.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverFailure {
    /// Nothing left this process.
    #[error("not sent to topic `{topic}`: {reason}")]
    NotSent {
        /// Topic.
        topic: String,
        /// Why.
        reason: NotSentReason,
    },
    /// Handed to the broker, whose word is missing or was a refusal: it may be in its queue.
    #[error("unconfirmed for topic `{topic}`: {cause}; it may arrive")]
    Unconfirmed {
        /// Topic.
        topic: String,
        /// What happened instead of a confirmation, and where.
        cause: String,
    },
    /// Some of several topics have no copy of it.
    #[error("{}", topics(failures, taken_by))]
    Topics {
        /// What failed, each with its topic.
        failures: Vec<DriverFailure>,
        /// Topics that have it.
        taken_by: Vec<String>,
    },
    /// Drivers that this one gives notifications to failed.
    #[error("{}", ends(failures, taken_by))]
    Behind {
        /// Drivers that failed, by name, and why.
        failures: Vec<(String, DriverFailure)>,
        /// Drivers that took it, by name.
        taken_by: Vec<String>,
    },
    /// The driver's format cannot carry it; nothing was sent.
    #[error("not sent: {0}")]
    Unsendable(String),
    /// Whatever else a driver can fail of.
    #[error("{0}")]
    Other(String),
}

impl DriverFailure {
    /// Whether somebody may have got it all the same.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            Self::NotSent { .. } | Self::Unsendable(_) => false,
            Self::Topics { failures, taken_by } => {
                !taken_by.is_empty() || failures.iter().any(DriverFailure::may_have_arrived)
            }
            Self::Behind { failures, taken_by } => {
                !taken_by.is_empty() || failures.iter().any(|(_, failure)| failure.may_have_arrived())
            }
            Self::Unconfirmed { .. } | Self::Other(_) => true,
        }
    }
}
