//! What a log may say of a failed call.

use crate::error::CallFault;

/// A fault without the texts that a server wrote: they quote arguments, which may be secrets.
pub(super) fn loggable(fault: &CallFault) -> String {
    match fault {
        CallFault::Rejected(rejection) => {
            let (kind, failure) = (rejection.kind.as_str(), &rejection.failure);
            format!("rejected: {}: {kind} ({}.{})", rejection.request, failure.module, failure.class)
        }
        CallFault::Undeclared(failure) => format!("undeclared: {}.{}", failure.module, failure.class),
        other => other.to_string(),
    }
}
