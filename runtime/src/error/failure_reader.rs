//! Reads a Rust error out of a received failure.

use super::remote::RemoteFailure;

use crate::json::{Missing, RawJson};
use serde::Deserialize;

/// Reads one failure; what `#[derive(RpcError)]` writes for you.
///
/// ```
/// use oslo_messaging::error::{FailureReader, RemoteFailure};
///
/// let failure = RemoteFailure::new("nova.exception", "OverQuota", "no");
/// let reader = FailureReader::new(&failure);
/// assert!(reader.is("nova.exception", "OverQuota"));
/// assert_eq!(reader.kwarg::<u32>("requested"), None);
/// assert_eq!(reader.kwarg::<Option<u32>>("requested"), Some(None));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct FailureReader<'a> {
    failure: &'a RemoteFailure,
}

impl<'a> FailureReader<'a> {
    /// Reads `failure`.
    pub fn new(failure: &'a RemoteFailure) -> Self {
        Self { failure }
    }

    /// Whether it is of this class. Python 2's module `exceptions` is `builtins`.
    pub fn is(&self, module: &str, class: &str) -> bool {
        self.failure.class == class && modern(&self.failure.module) == modern(module)
    }

    /// The named argument as a `T`; `None` when it does not fit or is missing, unless a `T` may be missing.
    pub fn kwarg<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        read(self.failure.kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value))
    }

    /// The positional argument as a `T`; `None` when it does not fit or is missing, unless a `T` may be missing.
    pub fn arg<T: for<'de> Deserialize<'de>>(&self, index: usize) -> Option<T> {
        read(self.failure.args.get(index))
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: Option<&RawJson>) -> Option<T> {
    match value {
        Some(value) => value.decode().ok(),
        None => T::deserialize(Missing).ok(),
    }
}

fn modern(module: &str) -> &str {
    if module == "exceptions" { "builtins" } else { module }
}
