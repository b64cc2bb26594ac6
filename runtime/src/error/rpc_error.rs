//! The bridge between a contract's error types and failures on the wire, in both directions.

use super::remote::RemoteFailure;
use std::convert::Infallible;

/// What becomes of an error that a handler returned.
#[derive(Debug, Clone, PartialEq)]
pub enum Failing {
    /// The contract declares it: it crosses the wire whole, and is logged at debug.
    Declared(RemoteFailure),
    /// The contract hides it.
    Internal {
        /// What crosses the wire: the class and a fixed text.
        failure: RemoteFailure,
        /// The error with its sources, logged at error on this side.
        cause: String,
    },
}

/// An error type that crosses the wire as a class with a module, a message and arguments, and back.
///
/// Derive it with `#[derive(RpcError)]`. [`Infallible`] is for methods that declare no errors; [`RemoteFailure`] for
/// clients that want every failure as it came.
///
/// By hand, for a class that is known only at run time:
///
/// ```
/// use oslo_messaging::error::{Failing, FailureBuilder, FailureReader, RemoteFailure, RpcError};
///
/// #[derive(Debug, PartialEq)]
/// struct Quota { left: u32 }
///
/// impl RpcError for Quota {
///     fn to_failure(&self) -> Failing {
///         FailureBuilder::new("nova.exception", "OverQuota", "Quota exceeded").kwarg("left", &self.left).declared()
///     }
///     fn from_failure(failure: &RemoteFailure) -> Option<Self> {
///         let reader = FailureReader::new(failure);
///         if !reader.is("nova.exception", "OverQuota") {
///             return None;
///         }
///         Some(Self { left: reader.kwarg("left")? })
///     }
/// }
///
/// let Failing::Declared(failure) = (Quota { left: 2 }).to_failure() else { unreachable!() };
/// assert_eq!(Quota::from_failure(&failure), Some(Quota { left: 2 }));
/// ```
///
/// Corresponds to an exception class that is listed in `allowed_remote_exmods`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross the wire",
    label = "not a wire error",
    note = "add `#[derive(RpcError)]` or implement `RpcError`"
)]
pub trait RpcError: Sized + Send + 'static {
    /// What to answer with.
    fn to_failure(&self) -> Failing;

    /// The error that a failure is; `None` when it is none of this type's, or lacks what that one needs.
    fn from_failure(failure: &RemoteFailure) -> Option<Self>;
}

impl RpcError for Infallible {
    fn to_failure(&self) -> Failing {
        match *self {}
    }

    fn from_failure(_: &RemoteFailure) -> Option<Self> {
        None
    }
}

/// A failure as it came, or one to answer with. One that the peer only passes on is nobody's declared error: whether our
/// request has run, it does not say.
impl RpcError for RemoteFailure {
    fn to_failure(&self) -> Failing {
        Failing::Declared(self.clone())
    }

    fn from_failure(failure: &RemoteFailure) -> Option<Self> {
        (!failure.relayed).then(|| failure.clone())
    }
}

/// Keeps a large error out of every `Result`.
impl<E: RpcError> RpcError for Box<E> {
    fn to_failure(&self) -> Failing {
        E::to_failure(self)
    }

    fn from_failure(failure: &RemoteFailure) -> Option<Self> {
        E::from_failure(failure).map(Box::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, thiserror::Error, crate::RpcError)]
    #[rpc_error(module = "app")]
    enum Either {
        #[error("busy")]
        Busy,
        #[error("{0}")]
        #[rpc_error(other)]
        Other(Box<RemoteFailure>),
    }

    #[test]
    fn what_a_peer_only_passes_on_is_no_other_error() {
        let other = RemoteFailure::new("app", "Forbidden", "no");
        assert_eq!(Either::from_failure(&other), Some(Either::Other(Box::new(other.clone()))));
        assert_eq!(Either::from_failure(&RemoteFailure::new("app", "Busy", "")), Some(Either::Busy));
        let mut relayed = other;
        relayed.relayed = true;
        assert_eq!(Either::from_failure(&relayed), None);
    }
}
