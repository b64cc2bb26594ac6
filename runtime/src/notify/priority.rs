//! The seven priorities of notifications.

use std::fmt;
use std::str::FromStr;

/// How important a notification is. Each priority of a topic has a queue of its own.
///
/// Corresponds to the methods of `oslo_messaging.Notifier`, and to the `priority` of the wire.
///
/// ```
/// use oslo_messaging::notify::Priority;
/// assert_eq!("WARNING".parse(), Ok(Priority::Warn));
/// assert_eq!((Priority::Warn.as_str(), Priority::Warn.wire()), ("warn", "WARN"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// What has to be kept for an audit.
    Audit,
    /// `critical`.
    Critical,
    /// `debug`.
    Debug,
    /// `error`.
    Error,
    /// `info`.
    Info,
    /// A measurement.
    Sample,
    /// `warn`; `warning` is the same.
    Warn,
}

impl Priority {
    /// All of them, in alphabetical order: the order in which Python calls the groups of a batch.
    pub const ALL: [Self; 7] =
        [Self::Audit, Self::Critical, Self::Debug, Self::Error, Self::Info, Self::Sample, Self::Warn];

    /// In lower case, as queues and routing keys have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Critical => "critical",
            Self::Debug => "debug",
            Self::Error => "error",
            Self::Info => "info",
            Self::Sample => "sample",
            Self::Warn => "warn",
        }
    }

    /// In upper case, as the message has it.
    pub const fn wire(self) -> &'static str {
        match self {
            Self::Audit => "AUDIT",
            Self::Critical => "CRITICAL",
            Self::Debug => "DEBUG",
            Self::Error => "ERROR",
            Self::Info => "INFO",
            Self::Sample => "SAMPLE",
            Self::Warn => "WARN",
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no priority: audit, critical, debug, error, info, sample, warn")]
pub struct UnknownPriority(pub String);

impl FromStr for Priority {
    type Err = UnknownPriority;

    /// Takes any case; `warning` is `warn`.
    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        if text.eq_ignore_ascii_case("warning") {
            return Ok(Self::Warn);
        }
        Self::ALL
            .into_iter()
            .find(|priority| text.eq_ignore_ascii_case(priority.as_str()))
            .ok_or_else(|| UnknownPriority(text.chars().take(40).collect()))
    }
}
