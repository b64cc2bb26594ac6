//! What can go wrong while counting, worded for the person at the terminal.

use std::path::PathBuf;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// For the measured operations: whatever goes wrong in one, it has no count.
pub(crate) type Outcome<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no scenario is named `{name}`; there are {known}")]
    NoScenario { name: String, known: String },
    #[error("the operation of `{scenario}` failed: {cause}")]
    Operation { scenario: String, cause: Box<dyn std::error::Error> },
    #[error("cannot run `{program}`: {source}; tests/scripts/install-valgrind installs valgrind")]
    Start { program: &'static str, source: std::io::Error },
    #[error("`{program}` failed, status {status}: {stderr}")]
    Failed { program: &'static str, status: std::process::ExitStatus, stderr: String },
    #[error("`{scenario}` under valgrind said {said:?} instead of its allocations")]
    Unexpected { scenario: String, said: String },
    #[error("callgrind counted nothing in `{scenario}`: it does not see the function `{function}`")]
    NothingCounted { scenario: String, function: &'static str },
    #[error("cannot read or write {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path} is no baseline: {source}")]
    NoBaseline { path: PathBuf, source: Box<toml::de::Error> },
    #[error("the baseline cannot be written as TOML: {0}")]
    Unwritable(#[from] toml::ser::Error),
    #[error("the baseline has nothing for `{0}`; `gate bless` counts it")]
    NotInBaseline(String),
}
