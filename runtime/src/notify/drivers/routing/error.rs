//! What can be wrong with routing rules: where, and what was probably meant.

use std::fmt;
use std::path::PathBuf;

/// Routing rules that cannot be used. oslo.messaging finds out at the first notification, and loses it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoutingError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: String,
    },
    /// What is wrong with a file.
    #[error("{}: {error}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: Box<RoutingError>,
    },
    /// The text is not YAML of one document.
    #[error("line {line}: {problem}")]
    Syntax {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A value is of another kind than its place asks for.
    #[error("{place}: {expected}, but there is {found}")]
    Shape {
        /// Where.
        place: Box<RulePlace>,
        /// What should be there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A name that stands twice in one mapping. Python goes by the last one and forgets the others.
    #[error("{place}: `{name}` is there twice")]
    Twice {
        /// Where the second one stands.
        place: Box<RulePlace>,
        /// The name.
        name: String,
    },
    /// A rule that is none. Python ignores it and lets everything pass.
    #[error("{place}: no rule is called `{rule}`{}", like(nearest.as_deref()))]
    UnknownRule {
        /// Where.
        place: Box<RulePlace>,
        /// The name.
        rule: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// A driver that was not given. Python ignores it.
    #[error("{place}: no driver is called `{driver}`{}; there are: {}", like(nearest.as_deref()), known.join(", "))]
    UnknownDriver {
        /// Where.
        place: Box<RulePlace>,
        /// The name.
        driver: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// The drivers that were given.
        known: Vec<String>,
    },
    /// Two drivers were given under one name.
    #[error("two drivers are called `{0}`")]
    SameName(String),
}

/// Where in routing rules something is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RulePlace {
    /// The line, counted from 1.
    pub line: usize,
    /// The group.
    pub group: Option<String>,
    /// The driver in it.
    pub driver: Option<String>,
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(group) = &self.group {
            write!(f, ": group `{group}`")?;
        }
        match &self.driver {
            Some(driver) => write!(f, ", driver `{driver}`"),
            None => Ok(()),
        }
    }
}

fn like(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
