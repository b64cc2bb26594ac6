//! Makes a failure to answer with out of a Rust error.

use super::remote::RemoteFailure;
use super::rpc_error::Failing;
use crate::json::RawJson;
use serde::Serialize;
use std::error::Error;
use std::fmt::Write as _;

/// What peers read in place of an error that the contract hides.
pub(crate) const HIDDEN: &str = "The server failed to handle the request; its log has the cause.";

/// Builds the failure of one error; what `#[derive(RpcError)]` writes for you.
///
/// ```
/// use oslo_messaging::error::{Failing, FailureBuilder};
///
/// let failing = FailureBuilder::new("nova.exception", "InstanceNotFound", "Instance 7 could not be found.")
///     .kwarg("instance_id", &7)
///     .declared();
/// let Failing::Declared(failure) = failing else { unreachable!() };
/// assert_eq!(failure.kwargs[0].1.as_str(), "7");
/// ```
#[derive(Debug)]
pub struct FailureBuilder {
    failure: RemoteFailure,
}

impl FailureBuilder {
    /// A failure of `class` in `module` with the text that `message` prints.
    pub fn new(module: &str, class: &str, message: impl ToString) -> Self {
        Self { failure: RemoteFailure::new(module, class, message.to_string()) }
    }

    /// Adds a positional argument. One that does not encode is sent as `null`: the failure itself matters more.
    #[must_use]
    pub fn arg<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        let value = self.encode("argument", RawJson::encode(value));
        self.failure.args.push(value);
        self
    }

    /// Adds a named argument. One that does not encode is sent as `null`: the failure itself matters more.
    #[must_use]
    pub fn kwarg<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Self {
        let value = self.encode(name, RawJson::encode(value));
        self.failure.kwargs.push((name.to_owned(), value));
        self
    }

    /// As an error that the contract declares. Without arguments of its own it gets its text as its only one, as a
    /// Python exception has.
    pub fn declared(mut self) -> Failing {
        if self.failure.args.is_empty() && self.failure.kwargs.is_empty() {
            self.failure.args.extend(RawJson::encode(&self.failure.message));
        }
        Failing::Declared(self.failure)
    }

    /// As an error that the contract hides: peers get the class and a fixed text, `cause` is for this side's log.
    pub fn internal(self, cause: impl Into<String>) -> Failing {
        let failure = RemoteFailure::new(self.failure.module, self.failure.class, HIDDEN);
        Failing::Internal { failure, cause: cause.into() }
    }

    fn encode(&self, name: &str, value: Result<RawJson, crate::json::JsonError>) -> RawJson {
        value.unwrap_or_else(|e| {
            tracing::warn!(class = %self.failure.class, "{name} of the error does not encode, sent as null: {e}");
            RawJson::default()
        })
    }
}

/// An error's text with those of its sources, each after a colon.
pub fn source_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Writing to a String does not fail.
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_error_sends_only_its_class() {
        let failing = FailureBuilder::new("m", "Internal", "password is hunter2")
            .kwarg("p", "hunter2")
            .internal("cause");
        let Failing::Internal { failure, cause } = failing else { panic!("{failing:?}") };
        assert_eq!((failure.class.as_str(), failure.message.as_str()), ("Internal", HIDDEN));
        assert!(failure.kwargs.is_empty());
        assert_eq!(cause, "cause");
    }

    #[test]
    fn an_error_without_arguments_has_its_text_as_python_does() {
        let Failing::Declared(failure) = FailureBuilder::new("m", "C", "text").declared() else { panic!() };
        assert_eq!(failure.args, [RawJson::encode("text").unwrap()]);
    }

    #[test]
    fn the_chain_names_every_source() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] std::fmt::Error);
        assert_eq!(source_chain(&Outer(std::fmt::Error)), format!("outer: {}", std::fmt::Error));
    }
}
