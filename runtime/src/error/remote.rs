//! A failure as it crosses the wire.

use crate::json::RawJson;
use std::fmt;

/// A failure that a peer answered with, kept whole.
///
/// Corresponds to `oslo_messaging.RemoteError` and the JSON in which it travels. Never turned into a type by its name:
/// contracts say which classes they know.
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct RemoteFailure {
    /// Class of the exception, without a `_Remote` suffix.
    pub class: String,
    /// Python module or Rust path of the class, without a `_Remote` suffix.
    pub module: String,
    /// Text of the error.
    pub message: String,
    /// Positional arguments of the exception.
    pub args: Vec<RawJson>,
    /// Named arguments of the exception.
    pub kwargs: Vec<(String, RawJson)>,
    /// Whether the class came with a `_Remote` suffix: the peer passes on a failure of somebody else.
    pub relayed: bool,
    /// Lines of the remote traceback; empty when the peer sends none.
    pub traceback: Vec<String>,
}

impl RemoteFailure {
    /// A failure of `class` in `module` with a text, no arguments and no traceback.
    pub fn new(module: impl Into<String>, class: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class: class.into(), module: module.into(), message: message.into(), ..Self::default() }
    }
}

impl fmt::Display for RemoteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.module.is_empty() || self.module == "builtins" {
            write!(f, "{}: {}", self.class, self.message)
        } else {
            write!(f, "{}.{}: {}", self.module, self.class, self.message)
        }
    }
}

impl fmt::Debug for RemoteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments and traceback may hold what a log must not: the type and the text are enough to find the rest.
        f.debug_struct("RemoteFailure")
            .field("class", &self.class)
            .field("module", &self.module)
            .field("message", &self.message)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for RemoteFailure {}
