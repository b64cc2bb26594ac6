//! What a script saw, as lines of text, and how a run ended.

use std::fmt;

/// What happened in a script, one line an event. It holds no generated name, so the histories of two drivers can be
/// compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History(pub(super) Vec<String>);

impl History {
    /// The events in order.
    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// The first line where it differs from `expected`, as a sentence.
    pub(super) fn difference(&self, expected: &[&str]) -> Option<String> {
        let lines = self.0.len().max(expected.len());
        (0..lines).find_map(|at| match (self.0.get(at), expected.get(at)) {
            (Some(seen), Some(wanted)) if seen == wanted => None,
            (Some(seen), Some(wanted)) => {
                Some(format!("line {}: expected `{wanted}`, but saw `{seen}`", at + 1))
            }
            (Some(seen), None) => Some(format!("line {}: expected the end, but saw `{seen}`", at + 1)),
            (None, wanted) => {
                Some(format!("line {}: expected `{}`, but saw the end", at + 1, wanted.unwrap_or(&"")))
            }
        })
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "    {line}"))
    }
}

/// A script did not go as it must.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{script}: {cause}\n  what had happened:\n{history}")]
pub struct Failure {
    /// The script.
    pub script: &'static str,
    /// What went wrong.
    pub cause: String,
    /// What had happened until then.
    pub history: History,
}

/// How a script ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it must, with this history.
    Passed(History),
    /// Otherwise.
    Failed(Failure),
    /// The driver says that it lacks what the script is about, or the suite cannot cut connections.
    NotApplicable,
}

/// How a run of the suite ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Each script's name and outcome, in the order of [`SCRIPTS`](super::SCRIPTS).
    pub outcomes: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// Whether no script failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The failures.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.outcomes.iter().filter_map(|(_, outcome)| match outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        })
    }

    /// The history of a script that passed.
    pub fn history(&self, script: &str) -> Option<&History> {
        self.outcomes.iter().find_map(|(name, outcome)| match outcome {
            Outcome::Passed(history) if *name == script => Some(history),
            _ => None,
        })
    }
}

/// A line for each script, then the failures.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.outcomes {
            let word = match outcome {
                Outcome::Passed(_) => "passed",
                Outcome::Failed(_) => "FAILED",
                Outcome::NotApplicable => "not applicable",
            };
            writeln!(f, "{name:<32}{word}")?;
        }
        self.failures().try_for_each(|failure| write!(f, "\n{failure}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_line_and_both_sides() {
        let history = History(vec!["a gets 1".to_owned(), "b gets 3".to_owned()]);
        assert_eq!(history.difference(&["a gets 1", "b gets 3"]), None);
        let wrong = history.difference(&["a gets 1", "b gets 2"]);
        assert_eq!(wrong.as_deref(), Some("line 2: expected `b gets 2`, but saw `b gets 3`"));
        let short = history.difference(&["a gets 1", "b gets 3", "a gets 4"]);
        assert_eq!(short.as_deref(), Some("line 3: expected `a gets 4`, but saw the end"));
        let long = history.difference(&["a gets 1"]);
        assert_eq!(long.as_deref(), Some("line 2: expected the end, but saw `b gets 3`"));
    }
}
