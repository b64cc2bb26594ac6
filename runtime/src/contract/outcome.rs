//! What a failed answer means to its caller: the one place that decides whether a refusal is certain.
//!
//! A handler can raise what a dispatcher raises, so a failure counts as a refusal only when nothing else can have made it:
//!
//! * a Rust peer's mark;
//! * `NoSuchMethod` or `UnsupportedVersion` of Python's dispatcher, whose text names our own method (and version): a
//!   handler that ran into one in a call of its own names another method;
//! * `TypeError` whose last frame is Python's `_do_dispatch`: a handler's own has the handler's frame after it.

use super::invoke::Answer;
use super::refusal::{DISPATCHER, no_such_method_text, unsupported_version_text};
use crate::error::{CallFault, Rejection, RejectionKind, RemoteFailure, RequestInfo};
use crate::version::Version;

/// An answered failure as the call's outcome: [`CallFault::Rejected`] where a refusal is certain, else an answer that the
/// contract's error type gets to read.
///
/// `refused` is the mark of a Rust peer; `request` says the method and version as they were sent.
///
/// # Errors
/// When the request was refused.
pub fn classify(
    failure: RemoteFailure,
    refused: Option<RejectionKind>,
    request: RequestInfo,
) -> Result<Answer, CallFault> {
    match refused.or_else(|| python_refusal(&failure, &request)) {
        Some(kind) => Err(CallFault::Rejected(Box::new(Rejection { request, kind, failure }))),
        None => Ok(Answer::Failure(failure)),
    }
}

fn python_refusal(failure: &RemoteFailure, request: &RequestInfo) -> Option<RejectionKind> {
    let method = &request.method;
    if failure.relayed {
        return None;
    }
    match (failure.module.as_str(), failure.class.as_str()) {
        (DISPATCHER, "NoSuchMethod") => {
            (failure.message == no_such_method_text(method)).then_some(RejectionKind::NoSuchMethod)
        }
        (DISPATCHER, "UnsupportedVersion") => {
            let version = request.target.version.unwrap_or(Version::DEFAULT).to_string();
            (failure.message == unsupported_version_text(method, &version))
                .then_some(RejectionKind::UnsupportedVersion)
        }
        ("builtins", "TypeError") => last_frame(&failure.traceback)
            .is_some_and(is_do_dispatch)
            .then_some(RejectionKind::InvalidArguments),
        _ => None,
    }
}

/// The last entry that `traceback.format_exception` wrote for a frame; the exception's own text comes after it.
fn last_frame(traceback: &[String]) -> Option<&str> {
    traceback.iter().rev().find(|entry| entry.starts_with("  File \"")).map(String::as_str)
}

/// Whether a frame is `_do_dispatch`: `  File "<path>", line <n>, in _do_dispatch`.
fn is_do_dispatch(frame: &str) -> bool {
    let head = frame.lines().next().unwrap_or_default();
    let Some((path, place)) = head.strip_prefix("  File \"").and_then(|rest| rest.split_once("\", line "))
    else {
        return false;
    };
    path.ends_with("oslo_messaging/rpc/dispatcher.py")
        && place.split_once(", in ").is_some_and(|(_, function)| function == "_do_dispatch")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn kind_of(failure: RemoteFailure, refused: Option<RejectionKind>) -> Option<RejectionKind> {
        let request = RequestInfo::new("show", Target::topic("t").with_version(Version::new(1, 4)));
        match classify(failure, refused, request) {
            Err(CallFault::Rejected(rejection)) => Some(rejection.kind),
            Err(other) => panic!("{other:?}"),
            Ok(_) => None,
        }
    }

    fn dispatcher(class: &str, text: &str) -> Option<RejectionKind> {
        kind_of(RemoteFailure::new(DISPATCHER, class, text), None)
    }

    fn type_error(frames: &[&str]) -> RemoteFailure {
        let mut failure =
            RemoteFailure::new("builtins", "TypeError", "C.show() got an unexpected keyword argument 'x'");
        failure.traceback = std::iter::once("Traceback (most recent call last):\n")
            .chain(frames.iter().copied())
            .chain(["TypeError: C.show() got an unexpected keyword argument 'x'\n"])
            .map(str::to_owned)
            .collect();
        failure
    }

    const DISPATCH: &str = "  File \"/venv/site-packages/oslo_messaging/rpc/dispatcher.py\", line 309, in dispatch\n    \
                            return self._do_dispatch(endpoint, method, ctxt, args)\n";
    const DO_DISPATCH: &str = "  File \"/venv/site-packages/oslo_messaging/rpc/dispatcher.py\", line 229, in \
                               _do_dispatch\n    result = func(ctxt, **new_args)\n             ^^^^^^^^\n";
    const HANDLER: &str = "  File \"/srv/manager.py\", line 7, in show\n    self.db.find(1, 2)\n";

    #[test]
    fn our_own_method_and_version_in_the_text_make_it_certain() {
        let no_such = dispatcher("NoSuchMethod", "Endpoint does not support RPC method show");
        assert_eq!(no_such, Some(RejectionKind::NoSuchMethod));
        let text = "Endpoint does not support RPC version 1.4. Attempted method: show";
        assert_eq!(dispatcher("UnsupportedVersion", text), Some(RejectionKind::UnsupportedVersion));
    }

    #[test]
    fn another_method_or_version_is_the_handlers_own_trouble() {
        assert_eq!(dispatcher("NoSuchMethod", "Endpoint does not support RPC method build"), None);
        let text = "Endpoint does not support RPC version 1.5. Attempted method: show";
        assert_eq!(dispatcher("UnsupportedVersion", text), None);
        // A failure that Python rebuilt and passed on nests its text.
        let nested = "Endpoint does not support RPC method Endpoint does not support RPC method show";
        assert_eq!(dispatcher("NoSuchMethod", nested), None);
        let other = RemoteFailure::new("app", "NoSuchMethod", "Endpoint does not support RPC method show");
        assert_eq!(kind_of(other, None), None);
    }

    #[test]
    fn a_type_error_is_a_refusal_only_from_do_dispatch_itself() {
        assert_eq!(
            kind_of(type_error(&[DISPATCH, DO_DISPATCH]), None),
            Some(RejectionKind::InvalidArguments)
        );
        assert_eq!(kind_of(type_error(&[DISPATCH, DO_DISPATCH, HANDLER]), None), None);
        assert_eq!(kind_of(type_error(&[DISPATCH]), None), None);
        assert_eq!(kind_of(type_error(&[]), None), None);
    }

    #[test]
    fn a_relayed_failure_is_nobodys_refusal_of_ours() {
        let mut failure = type_error(&[DISPATCH, DO_DISPATCH]);
        failure.relayed = true;
        assert_eq!(kind_of(failure, None), None);
    }

    #[test]
    fn the_mark_of_a_rust_peer_is_enough() {
        let failure = RemoteFailure::new("app", "Busy", "later");
        assert_eq!(kind_of(failure, Some(RejectionKind::Overloaded)), Some(RejectionKind::Overloaded));
    }
}
