//! What can be wrong with an option, where it was set, and how text becomes a value. Knows no option's name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// An option that cannot be taken: which, where it was set, and why. Never contains its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: option `{name}` {problem}")]
pub struct OptionError {
    /// Its name.
    pub name: String,
    /// Where it was set.
    pub origin: OptionOrigin,
    /// What is wrong.
    pub problem: OptionProblem,
}

/// Where an option was set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionOrigin {
    /// In the query of the transport URL.
    UrlQuery,
    /// In a configuration file.
    File {
        /// The file.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: usize,
    },
    /// In the environment variable of this name.
    Environment(String),
}

impl fmt::Display for OptionOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UrlQuery => f.write_str("query of the transport URL"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// Why an option cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionProblem {
    /// No option has this name.
    Unknown {
        /// The known name that looks most like it.
        like: Option<&'static str>,
    },
    /// Its value is none that it can have.
    Invalid {
        /// What it takes.
        expected: String,
    },
    /// It asks for something that is not there yet; going on without it would change behaviour.
    NotYet {
        /// What it asks for.
        what: &'static str,
    },
}

impl OptionProblem {
    pub(crate) fn expected(what: impl Into<String>) -> Self {
        Self::Invalid { expected: what.into() }
    }

    pub(crate) fn unknown(name: &str, known: impl IntoIterator<Item = &'static str>) -> Self {
        Self::Unknown { like: nearest(name, known) }
    }
}

impl fmt::Display for OptionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { like: None } => f.write_str("is unknown"),
            Self::Unknown { like: Some(like) } => write!(f, "is unknown; did you mean `{like}`?"),
            Self::Invalid { expected } => write!(f, "takes {expected}"),
            Self::NotYet { what } => write!(f, "asks for {what}, which is not there yet"),
        }
    }
}

/// A boolean in oslo.config's words.
pub(crate) fn boolean(text: &str) -> Result<bool, OptionProblem> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(OptionProblem::expected("true or false")),
    }
}

/// A whole number from `least` to `most`.
pub(crate) fn integer<T>(text: &str, least: T, most: T) -> Result<T, OptionProblem>
where
    T: FromStr + PartialOrd + fmt::Display,
{
    match text.trim().parse::<T>() {
        Ok(value) if value >= least && value <= most => Ok(value),
        _ => Err(OptionProblem::expected(format!("a whole number from {least} to {most}"))),
    }
}

/// Whole seconds from `least` to `most`.
pub(crate) fn seconds(text: &str, least: u64, most: u64) -> Result<Duration, OptionProblem> {
    integer(text, least, most).map(Duration::from_secs)
}

/// Seconds with a fraction, from 0 to `most`.
#[cfg(any(feature = "rabbit", test))]
pub(crate) fn fractional_seconds(text: &str, most: f64) -> Result<Duration, OptionProblem> {
    let expected = || OptionProblem::expected(format!("seconds from 0 to {most}"));
    let value: f64 = text.trim().parse().map_err(|_| expected())?;
    if !(0.0..=most).contains(&value) {
        return Err(expected());
    }
    Duration::try_from_secs_f64(value).map_err(|_| expected())
}

/// The name in `known` that `name` was probably meant to be: at most a third of its letters are wrong.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .into_iter()
        .map(|known| (distance(&name, known), known))
        .filter(|(distance, known)| *distance * 3 <= known.len())
        .min()
        .map(|(_, known)| known)
}

/// How many bytes must be put in, taken out or replaced to turn one text into the other; names longer than any option
/// are not looked at.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    if a.len() > 64 {
        return a.len();
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, byte) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(b.bytes()) {
            let replaced = diagonal + usize::from(byte != other);
            diagonal = *cell;
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_oslo_config_reads_them() {
        assert_eq!(boolean("YES"), Ok(true));
        assert_eq!(boolean("Off"), Ok(false));
        assert!(boolean(" true").is_err());
        assert_eq!(integer(" +7 ", 0, 9), Ok(7));
        assert_eq!(integer("", 0, 9).unwrap_err().to_string(), "takes a whole number from 0 to 9");
        assert!(integer("10", 0, 9).is_err());
        assert_eq!(seconds("60", 0, 100), Ok(Duration::from_secs(60)));
        assert_eq!(fractional_seconds("1.5", 4.5), Ok(Duration::from_millis(1500)));
        for bad in ["-1", "5", "nan", "inf", "x"] {
            assert!(fractional_seconds(bad, 4.5).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_nothing() {
        let known = ["heartbeat_rate", "amqp_durable_queues"];
        assert_eq!(nearest("hearbeat_rate", known), Some("heartbeat_rate"));
        assert_eq!(nearest("rabbit_durable_queues", known), Some("amqp_durable_queues"));
        assert_eq!(nearest("connection", known), None);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
