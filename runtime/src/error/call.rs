//! `CallError` and `CastError`: the enums that users match on.

use super::fault::{
    BadReply, NotSent, Ran, Rejection, RequestInfo, ServerLost, TimeoutInfo, Unconfirmed, Unroutable,
};
use super::remote::RemoteFailure;

/// Why a call has no answer; `E` is the contract's error type.
///
/// Corresponds to the exceptions of `RPCClient.call`. [`ran`](Self::ran) says whether the method may have run.
///
/// ```
/// use oslo_messaging::{CallError, Context, Ran, RpcError, endpoint, testing::block_on};
///
/// #[derive(Debug, thiserror::Error, RpcError)]
/// enum StoreError {
///     #[error("no item {id}")]
///     NotFound { id: u32 },
/// }
///
/// #[endpoint(version = "1.0")]
/// trait Store {
///     async fn price(&self, ctx: &Context, id: u32) -> Result<u32, StoreError>;
/// }
///
/// struct Empty;
///
/// impl Store for Empty {
///     async fn price(&self, _: &Context, id: u32) -> Result<u32, StoreError> {
///         Err(StoreError::NotFound { id })
///     }
/// }
///
/// let store = StoreClient::in_process(Empty);
/// match block_on(store.price(&Context::new(), 7)) {
///     Ok(price) => println!("{price} cents"),
///     Err(CallError::Remote(StoreError::NotFound { id })) => assert_eq!(id, 7),
///     Err(error) if error.ran() == Ran::No => println!("safe to try again: {error}"),
///     Err(error) => println!("look before you try again: {error}"),
/// }
/// ```
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallError<E> {
    /// The method ran; its answer does not fit the declared type.
    #[error(transparent)]
    BadReply(Box<BadReply>),
    /// Nothing left this process: version cap, encoding, size, target, closed, unreachable, blocked.
    #[error(transparent)]
    NotSent(Box<NotSent>),
    /// The server refused to run it: no such method, unsupported version, bad arguments, denied, overloaded.
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// The method ran and returned an error that the contract declares.
    #[error("{0}")]
    Remote(E),
    /// The call monitor stopped.
    #[error(transparent)]
    ServerLost(Box<ServerLost>),
    /// No reply by the deadline.
    #[error(transparent)]
    Timeout(Box<TimeoutInfo>),
    /// The broker's word is missing or it refused; the request may run.
    #[error(transparent)]
    Unconfirmed(Box<Unconfirmed>),
    /// The server answered with a failure that the contract does not declare.
    #[error("{0}")]
    Undeclared(Box<RemoteFailure>),
    /// The broker has no queue for it.
    #[error(transparent)]
    Unroutable(Box<Unroutable>),
}

/// Every case of [`CallError`] except a declared error: what can happen to any call.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CallFault {
    /// See [`CallError::BadReply`].
    #[error(transparent)]
    BadReply(Box<BadReply>),
    /// See [`CallError::NotSent`].
    #[error(transparent)]
    NotSent(Box<NotSent>),
    /// See [`CallError::Rejected`].
    #[error(transparent)]
    Rejected(Box<Rejection>),
    /// See [`CallError::ServerLost`].
    #[error(transparent)]
    ServerLost(Box<ServerLost>),
    /// See [`CallError::Timeout`].
    #[error(transparent)]
    Timeout(Box<TimeoutInfo>),
    /// See [`CallError::Unconfirmed`].
    #[error(transparent)]
    Unconfirmed(Box<Unconfirmed>),
    /// See [`CallError::Undeclared`].
    #[error("{0}")]
    Undeclared(Box<RemoteFailure>),
    /// See [`CallError::Unroutable`].
    #[error(transparent)]
    Unroutable(Box<Unroutable>),
}

/// The case of a [`CallError`] without its data; `as_str` gives its name in snake_case.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// [`CallError::BadReply`].
    BadReply,
    /// [`CallError::NotSent`].
    NotSent,
    /// [`CallError::Rejected`].
    Rejected,
    /// [`CallError::Remote`].
    Remote,
    /// [`CallError::ServerLost`].
    ServerLost,
    /// [`CallError::Timeout`].
    Timeout,
    /// [`CallError::Unconfirmed`].
    Unconfirmed,
    /// [`CallError::Undeclared`].
    Undeclared,
    /// [`CallError::Unroutable`].
    Unroutable,
}

impl ErrorKind {
    /// The name in snake_case, for logs and tools.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadReply => "bad_reply",
            Self::NotSent => "not_sent",
            Self::Rejected => "rejected",
            Self::Remote => "remote",
            Self::ServerLost => "server_lost",
            Self::Timeout => "timeout",
            Self::Unconfirmed => "unconfirmed",
            Self::Undeclared => "undeclared",
            Self::Unroutable => "unroutable",
        }
    }
}

impl<E> CallError<E> {
    /// Whether the method has run.
    pub fn ran(&self) -> Ran {
        match self.kind() {
            ErrorKind::NotSent | ErrorKind::Unroutable | ErrorKind::Rejected => Ran::No,
            ErrorKind::Unconfirmed | ErrorKind::Timeout | ErrorKind::ServerLost => Ran::Maybe,
            ErrorKind::Remote | ErrorKind::BadReply => Ran::Yes,
            // A class ending in `_Remote` was relayed: the peer answers for somebody else.
            ErrorKind::Undeclared => match self {
                Self::Undeclared(failure) if failure.relayed => Ran::Maybe,
                _ => Ran::Yes,
            },
        }
    }

    /// Which case this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::BadReply(_) => ErrorKind::BadReply,
            Self::NotSent(_) => ErrorKind::NotSent,
            Self::Rejected(_) => ErrorKind::Rejected,
            Self::Remote(_) => ErrorKind::Remote,
            Self::ServerLost(_) => ErrorKind::ServerLost,
            Self::Timeout(_) => ErrorKind::Timeout,
            Self::Unconfirmed(_) => ErrorKind::Unconfirmed,
            Self::Undeclared(_) => ErrorKind::Undeclared,
            Self::Unroutable(_) => ErrorKind::Unroutable,
        }
    }

    /// Whether trying again can help and cannot run the method twice: it has not run, and the cause may pass.
    pub fn is_retryable(&self) -> bool {
        use super::fault::{NotSentReason as Why, RejectionKind};
        match self {
            Self::NotSent(e) => matches!(e.reason, Why::Unreachable { .. } | Why::Blocked(_)),
            Self::Rejected(e) => matches!(e.kind, RejectionKind::Overloaded),
            Self::Unroutable(_) => true,
            _ => false,
        }
    }

    /// The declared error, if it is one.
    pub fn as_remote(&self) -> Option<&E> {
        match self {
            Self::Remote(error) => Some(error),
            _ => None,
        }
    }

    /// The same error with its declared error mapped.
    pub fn map_remote<F>(self, f: impl FnOnce(E) -> F) -> CallError<F> {
        match self.into_parts() {
            Ok(error) => CallError::Remote(f(error)),
            Err(fault) => fault.into(),
        }
    }

    /// The declared error, or everything else as a fault.
    pub fn into_parts(self) -> Result<E, CallFault> {
        Err(match self {
            Self::Remote(error) => return Ok(error),
            Self::BadReply(e) => CallFault::BadReply(e),
            Self::NotSent(e) => CallFault::NotSent(e),
            Self::Rejected(e) => CallFault::Rejected(e),
            Self::ServerLost(e) => CallFault::ServerLost(e),
            Self::Timeout(e) => CallFault::Timeout(e),
            Self::Unconfirmed(e) => CallFault::Unconfirmed(e),
            Self::Undeclared(e) => CallFault::Undeclared(e),
            Self::Unroutable(e) => CallFault::Unroutable(e),
        })
    }

    /// What is known of the request; `None` where the answer itself is the error.
    pub fn request(&self) -> Option<&RequestInfo> {
        match self {
            Self::Remote(_) | Self::Undeclared(_) => None,
            Self::BadReply(e) => Some(&e.request),
            Self::NotSent(e) => Some(&e.request),
            Self::Rejected(e) => Some(&e.request),
            Self::ServerLost(e) => Some(&e.request),
            Self::Timeout(e) => Some(&e.request),
            Self::Unconfirmed(e) => Some(&e.request),
            Self::Unroutable(e) => Some(&e.request),
        }
    }
}

impl<E> From<CallFault> for CallError<E> {
    fn from(fault: CallFault) -> Self {
        match fault {
            CallFault::BadReply(e) => Self::BadReply(e),
            CallFault::NotSent(e) => Self::NotSent(e),
            CallFault::Rejected(e) => Self::Rejected(e),
            CallFault::ServerLost(e) => Self::ServerLost(e),
            CallFault::Timeout(e) => Self::Timeout(e),
            CallFault::Unconfirmed(e) => Self::Unconfirmed(e),
            CallFault::Undeclared(e) => Self::Undeclared(e),
            CallFault::Unroutable(e) => Self::Unroutable(e),
        }
    }
}

/// Why a cast was not handed to a queue.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CastError {
    /// Nothing left this process.
    #[error(transparent)]
    NotSent(Box<NotSent>),
    /// The broker's word is missing or it refused; the request may run.
    #[error(transparent)]
    Unconfirmed(Box<Unconfirmed>),
    /// The broker has no queue for it.
    #[error(transparent)]
    Unroutable(Box<Unroutable>),
}

impl CastError {
    /// Whether the method may run.
    pub fn ran(&self) -> Ran {
        match self {
            Self::NotSent(_) | Self::Unroutable(_) => Ran::No,
            Self::Unconfirmed(_) => Ran::Maybe,
        }
    }

    /// Which case this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSent(_) => ErrorKind::NotSent,
            Self::Unconfirmed(_) => ErrorKind::Unconfirmed,
            Self::Unroutable(_) => ErrorKind::Unroutable,
        }
    }
}

impl From<CastError> for CallFault {
    fn from(error: CastError) -> Self {
        match error {
            CastError::NotSent(e) => Self::NotSent(e),
            CastError::Unconfirmed(e) => Self::Unconfirmed(e),
            CastError::Unroutable(e) => Self::Unroutable(e),
        }
    }
}
