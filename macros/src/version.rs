//! The version literal of attributes: `MAJOR.MINOR`.

use std::fmt;

/// A version as a contract writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl Version {
    /// Reads `MAJOR.MINOR`, digits only.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// `u32::from_str` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_and_minor_are_read() {
        assert_eq!(Version::parse("5.13"), Some(Version { major: 5, minor: 13 }));
        assert_eq!(Version::parse("5.13").unwrap().to_string(), "5.13");
        assert!(Version::parse("5.9") < Version::parse("5.10"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "1", "1.", ".1", "1.2.3", "+1.0", "1.-1", "a.b", " 1.0", "1.99999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
