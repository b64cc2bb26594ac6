//! Durations as numbers of seconds, as Python writes them.

use std::fmt;
use std::time::Duration;

/// More than a century: beyond it the clock's own type may end.
const LONGEST: Duration = Duration::from_secs(1 << 32);

/// Seconds as a JSON number: whole ones as an integer.
pub(super) struct Seconds(pub(super) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_nanos() == 0 { self.0.as_secs().fmt(f) } else { self.0.as_secs_f64().fmt(f) }
    }
}

/// A JSON number of seconds. `None` for anything that no timer can be made of: it must not cost the message.
pub(super) fn seconds(json: &str) -> Option<Duration> {
    if !json.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Duration::try_from_secs_f64(json.parse().ok()?).ok().filter(|duration| *duration < LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_python_would() {
        assert_eq!(Seconds(Duration::from_secs(2)).to_string(), "2");
        assert_eq!(Seconds(Duration::from_millis(2500)).to_string(), "2.5");
    }

    #[test]
    fn odd_seconds_are_none() {
        assert_eq!(seconds("3"), Some(Duration::from_secs(3)));
        assert_eq!(seconds("1.5"), Some(Duration::from_millis(1500)));
        for odd in ["null", "-1", "NaN", "Infinity", "1e400", "9e18", "\"2\"", "true", "[]"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }
}
