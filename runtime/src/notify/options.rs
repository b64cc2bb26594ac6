//! What a configuration says about notifications. Plain data; makes no driver.

use crate::transport::option::{OptionProblem, integer, nearest};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The options of `[oslo_messaging_notifications]`; the defaults are oslo.messaging's. The URL, which may hold a password,
/// is [`Config::notification_transport_url`](crate::config::Config::notification_transport_url).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationOptions {
    /// Where notifications go, each once; `driver`, default nowhere.
    pub drivers: Vec<DriverName>,
    /// Topics that they are sent to, at least one; `topics`, default `notifications`.
    pub topics: Vec<String>,
    /// How often sending is tried again; `retry`, default and -1: no limit, which is `None`.
    pub retry: Option<u32>,
    /// The file with the rules of [`DriverName::Routing`]; `routing_config`, default none.
    pub routing_config: Option<PathBuf>,
}

impl Default for NotificationOptions {
    fn default() -> Self {
        Self {
            drivers: Vec::new(),
            topics: vec!["notifications".to_owned()],
            retry: None,
            routing_config: None,
        }
    }
}

impl NotificationOptions {
    /// Names of the options of `[oslo_messaging_notifications]`, `transport_url` included.
    pub const NAMES: &'static [&'static str] =
        &["driver", "topics", "retry", "routing_config", "transport_url"];

    /// Sets `topics` from text: names with commas between them.
    pub(crate) fn set_topics(&mut self, text: &str) -> Result<(), OptionProblem> {
        // As oslo.config's lists: commas at the end mean nothing, others part names.
        let topics: Vec<_> =
            text.trim().trim_end_matches(',').split(',').map(|topic| topic.trim().to_owned()).collect();
        if topics.iter().any(String::is_empty) {
            return Err(OptionProblem::expected("names of topics with commas between them, at least one"));
        }
        self.topics = topics;
        Ok(())
    }

    /// Sets `retry` from text; an empty one is no limit, as in Python.
    pub(crate) fn set_retry(&mut self, text: &str) -> Result<(), OptionProblem> {
        let retry = if text.is_empty() { -1 } else { integer(text, -1, i64::from(u32::MAX))? };
        self.retry = u32::try_from(retry).ok();
        Ok(())
    }

    /// Adds one value of `driver`. An empty one means no driver, one that is there already nothing.
    pub(crate) fn add_driver(&mut self, text: &str) -> Result<(), OptionProblem> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let driver = text.trim().parse()?;
        if !self.drivers.contains(&driver) {
            self.drivers.push(driver);
        }
        Ok(())
    }
}

/// A driver that a configuration can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DriverName {
    /// `messaging`: into a broker's queues, without envelope.
    Messaging,
    /// `messagingv2`: into a broker's queues, with envelope 2.0.
    MessagingV2,
    /// `routing`: to other drivers, as a file says.
    Routing,
    /// `log`: into the log.
    Log,
    /// `test`: kept in this process.
    Test,
    /// `noop`: nowhere.
    Noop,
}

impl DriverName {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Messaging, Self::MessagingV2, Self::Routing, Self::Log, Self::Test, Self::Noop];

    /// Whether it sends, or may send, to a broker.
    pub const fn needs_transport(self) -> bool {
        matches!(self, Self::Messaging | Self::MessagingV2 | Self::Routing)
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::MessagingV2 => "messagingv2",
            Self::Routing => "routing",
            Self::Log => "log",
            Self::Test => "test",
            Self::Noop => "noop",
        }
    }
}

impl fmt::Display for DriverName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DriverName {
    type Err = OptionProblem;

    fn from_str(text: &str) -> Result<Self, OptionProblem> {
        Self::ALL.into_iter().find(|driver| driver.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str);
            let like = nearest(text, known).map(|like| format!("; did you mean {like}?"));
            OptionProblem::expected(format!("one of {}{}", known.join(", "), like.unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_oslo_config_reads_them() {
        let mut options = NotificationOptions::default();
        for (text, topics) in [("a", vec!["a"]), (" a , b ,, ", vec!["a", "b"]), ("a b", vec!["a b"])] {
            options.set_topics(text).unwrap();
            assert_eq!(options.topics, topics, "{text}");
        }
        for (text, retry) in [("0", Some(0)), ("-1", None), (" 7", Some(7)), ("", None)] {
            options.set_retry(text).unwrap();
            assert_eq!(options.retry, retry, "{text}");
        }
        for text in ["log", "", "messagingv2", "log"] {
            options.add_driver(text).unwrap();
        }
        assert_eq!(options.drivers, [DriverName::Log, DriverName::MessagingV2]);
    }

    #[test]
    fn what_would_send_nowhere_is_refused() {
        let mut options = NotificationOptions::default();
        for text in ["", ",", "a,,b"] {
            assert!(options.set_topics(text).is_err(), "{text}");
        }
        for text in ["-2", "x", " ", "4294967296"] {
            assert!(options.set_retry(text).is_err(), "{text}");
        }
        let problem = options.add_driver("messagingv3").unwrap_err().to_string();
        assert!(problem.ends_with("test, noop; did you mean messagingv2?"), "{problem}");
        assert_eq!(options, NotificationOptions::default());
    }
}
