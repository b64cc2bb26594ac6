//! Interface versions and the one rule that compares them.

use std::fmt;
use std::str::FromStr;

/// A version of an interface: `MAJOR.MINOR`, or `MAJOR.MINOR.REVISION`.
///
/// Corresponds to the version strings of `oslo_messaging.Target`.
///
/// ```
/// use oslo_messaging::Version;
///
/// let server = Version::new(5, 2);
/// assert!(server.serves("5.1".parse()?));
/// assert!(!server.serves(Version::new(5, 3)) && !server.serves(Version::new(4, 0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// First part; peers of different majors do not understand each other.
    pub major: u32,
    /// Second part; a server of a higher minor serves clients of a lower one.
    pub minor: u32,
    /// Third part, 0 when absent.
    pub revision: u32,
}

impl Version {
    /// What a request or an endpoint without a version means.
    pub const DEFAULT: Self = Self::new(1, 0);

    /// `MAJOR.MINOR`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor, revision: 0 }
    }

    /// Whether an implementation of this version can serve a request of version `requested`.
    ///
    /// Corresponds to `oslo_messaging._utils.version_is_compatible(self, requested)`.
    pub const fn serves(self, requested: Self) -> bool {
        self.major == requested.major
            && (requested.minor < self.minor
                || (requested.minor == self.minor && requested.revision <= self.revision))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.revision > 0 { write!(f, ".{}", self.revision) } else { Ok(()) }
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a version: fewer than two parts, or a part that is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid version `{0}`, expected `MAJOR.MINOR` such as `1.0`")]
pub struct InvalidVersion(pub String);

impl FromStr for Version {
    type Err = InvalidVersion;

    /// Reads what Python reads: parts after the third are ignored, `1.05` and ` 1.0` pass.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidVersion(text.chars().take(40).collect());
        let mut parts = text.split('.').map(|part| part.trim().parse::<u32>());
        let mut part = || parts.next().transpose().map_err(|_| invalid());
        let major = part()?.ok_or_else(invalid)?;
        let minor = part()?.ok_or_else(invalid)?;
        Ok(Self { major, minor, revision: part()?.unwrap_or(0) })
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serves(implemented: &str, requested: &str) -> bool {
        implemented.parse::<Version>().unwrap().serves(requested.parse().unwrap())
    }

    #[test]
    fn the_rule_is_pythons() {
        for (implemented, requested, expected) in [
            ("1.5", "1.4", true),
            ("1.5", "1.6", false),
            ("2.0", "1.9", false),
            ("1.6", "1.5.9", true),
            ("1.5", "1.5.1", false),
            ("1.9", "1.10", false),
            ("1.10", "1.9", true),
            ("1.5.2", "1.5.1", true),
            ("1.05", "1.5", true),
        ] {
            assert_eq!(serves(implemented, requested), expected, "({implemented}, {requested})");
        }
    }

    #[test]
    fn texts_that_python_cannot_read_are_refused() {
        for text in ["1", "", "a.b", "1.", "1.x", "-1.0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_revision_is_printed_when_there_is_one() {
        assert_eq!(Version::new(1, 2).to_string(), "1.2");
        assert_eq!("1.2.3".parse::<Version>().unwrap().to_string(), "1.2.3");
    }
}
