//! Refusals in the classes and words of Python's dispatcher, so that no peer can tell the difference.

use crate::error::{HIDDEN, RejectionKind, RemoteFailure};
use crate::json::RawJson;
use crate::wire::line;

/// A refusal to run a request; nothing has run.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What kind.
    pub kind: RejectionKind,
    /// The failure to answer with, in the classes and words of Python's dispatcher.
    pub failure: Box<RemoteFailure>,
}

/// Python's module of `NoSuchMethod` and `UnsupportedVersion`.
pub(super) const DISPATCHER: &str = "oslo_messaging.rpc.dispatcher";

impl Refusal {
    /// A refusal whose exception has its text as its only argument, as Python's have.
    pub fn new(kind: RejectionKind, module: &str, class: &str, message: String) -> Self {
        Self { kind, failure: Box::new(raised(module, class, message)) }
    }

    /// Python's `NoSuchMethod`.
    pub fn no_such_method(method: &str) -> Self {
        Self::new(RejectionKind::NoSuchMethod, DISPATCHER, "NoSuchMethod", no_such_method_text(method))
    }

    /// Python's `UnsupportedVersion`; `version` as sent, `None` for a `null`.
    pub fn unsupported_version(method: &str, version: &str) -> Self {
        let text = unsupported_version_text(method, version);
        Self::new(RejectionKind::UnsupportedVersion, DISPATCHER, "UnsupportedVersion", text)
    }

    /// What Python raises for a version that is none: `1` has too few parts, `a.b` no numbers.
    pub fn invalid_version(version: &str) -> Self {
        let not_a_number = version.split('.').take(3).find(|part| part.trim().parse::<i64>().is_err());
        let (class, text) = match not_a_number {
            Some(part) => ("ValueError", format!("invalid literal for int() with base 10: '{part}'")),
            None => ("IndexError", "list index out of range".to_owned()),
        };
        Self::new(RejectionKind::BadRequest, "builtins", class, text)
    }

    /// Python's `TypeError` for arguments that do not fit.
    pub fn invalid_arguments(text: String) -> Self {
        Self::new(RejectionKind::InvalidArguments, "builtins", "TypeError", text)
    }

    /// What a log may say: one line of some length, without the value that did not fit, which may be a secret.
    pub(super) fn loggable(&self) -> String {
        let text = &self.failure.message;
        let end = text.find(UNFIT).map_or(text.len(), |at| at + UNFIT.len());
        line(text.get(..end).unwrap_or_default(), 300)
    }
}

/// Comes before what the decoder said of a value.
pub(super) const UNFIT: &str = " does not fit";

pub(super) fn no_such_method_text(method: &str) -> String {
    format!("Endpoint does not support RPC method {method}")
}

pub(super) fn unsupported_version_text(method: &str, version: &str) -> String {
    format!("Endpoint does not support RPC version {version}. Attempted method: {method}")
}

/// What peers get in place of a panic or a hidden error: nothing of its content.
pub(super) fn internal_error() -> RemoteFailure {
    raised("oslo_messaging.server", "InternalError", HIDDEN.to_owned())
}

fn raised(module: &str, class: &str, message: String) -> RemoteFailure {
    let args = RawJson::encode(&message).into_iter().collect();
    let mut failure = RemoteFailure::new(module, class, message);
    failure.args = args;
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_version_raises_what_python_raises() {
        let class = |version| Refusal::invalid_version(version).failure.to_string();
        assert_eq!(class("1"), "IndexError: list index out of range");
        assert_eq!(class("a.b"), "ValueError: invalid literal for int() with base 10: 'a'");
        assert_eq!(class("1.x"), "ValueError: invalid literal for int() with base 10: 'x'");
    }

    #[test]
    fn a_log_never_sees_the_value_that_did_not_fit() {
        let refusal = Refusal::invalid_arguments(format!(
            "C.m() argument 'pin'{UNFIT}: invalid type: string \"s3cret\""
        ));
        assert_eq!(refusal.loggable(), "C.m() argument 'pin' does not fit");
        assert_eq!(Refusal::no_such_method("x").loggable(), "Endpoint does not support RPC method x");
    }

    #[test]
    fn a_log_line_stays_one_line_of_some_length_whatever_a_peer_calls() {
        let refusal = Refusal::no_such_method("x\nERROR forged\u{1b}[31m");
        assert_eq!(refusal.loggable(), "Endpoint does not support RPC method x ERROR forged [31m");
        assert!(Refusal::no_such_method(&"x".repeat(1 << 20)).loggable().len() < 400);
    }
}
