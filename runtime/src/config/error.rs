//! What can be wrong with a configuration. No variant holds a value.

use super::UnknownOption;
use crate::transport::{OptionError, OptionOrigin, TransportUrlError};
use std::path::Path;
use std::sync::Arc;

/// A configuration that cannot be used: where, and what is wrong. Never contains a value, so never a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file or directory cannot be read.
    #[error("{}: cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: Arc<Path>,
        /// The system's words.
        cause: String,
    },
    /// A line of a file is nothing that oslo.config knows.
    #[error("{}:{line}: the line {problem}", path.display())]
    Syntax {
        /// The file.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The transport URL, or the older options in its place.
    #[error("{origin}: {source}")]
    TransportUrl {
        /// Where it was set.
        origin: OptionOrigin,
        /// What is wrong with it.
        source: TransportUrlError,
    },
    /// An option.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// A `$` in a value refers to nothing.
    #[error("{origin}: option `{name}` has a `$` {problem}; a plain `$` is written `$$`")]
    Reference {
        /// The option.
        name: String,
        /// Where it was set.
        origin: OptionOrigin,
        /// What is wrong with the reference.
        problem: String,
    },
    /// Options that nothing knows, where that was asked to be an error.
    #[error("unknown options: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unknown(Vec<UnknownOption>),
}
