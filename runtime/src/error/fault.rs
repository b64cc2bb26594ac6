//! The cases of a failed call or cast, each with what its reader needs to act.

use crate::id::MessageId;
use crate::target::Target;
use crate::version::Version;
use std::fmt;
use std::time::Duration;

/// Whether a failed request has run on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ran {
    /// It has not and never will.
    No,
    /// It may have, or still may.
    Maybe,
    /// It has.
    Yes,
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        })
    }
}

/// Which request an error is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestInfo {
    /// Wire name of the method.
    pub method: String,
    /// Where it was sent, as resolved (exchange, topic, server, fanout, namespace, version).
    pub target: Target,
    /// `_msg_id` of a call; absent for casts and for what failed before an id was given.
    pub message_id: Option<MessageId>,
    /// Host of the broker node, as `host:port`; absent in process or before a connection.
    pub node: Option<String>,
    /// How long the caller had waited.
    pub elapsed: Duration,
}

impl RequestInfo {
    /// About `method` at `target`; the rest is filled in as it becomes known.
    pub fn new(method: impl Into<String>, target: Target) -> Self {
        Self { method: method.into(), target, ..Self::default() }
    }
}

impl fmt::Display for RequestInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` at {}", self.method, self.target)?;
        if let Some(id) = &self.message_id {
            write!(f, ", message id {id}")?;
        }
        if let Some(node) = &self.node {
            write!(f, ", broker {node}")?;
        }
        Ok(())
    }
}

/// Why nothing left this process.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSentReason {
    /// The request needs a newer version than the client may send.
    #[error("it needs version {needed}, above the version cap {cap}")]
    VersionCap {
        /// What the request needs.
        needed: Version,
        /// What the client may send.
        cap: Version,
    },
    /// The request has no version, but the client has a version cap (Python refuses this too).
    #[error("it has no version, but the client has the version cap {cap}")]
    NoVersion {
        /// What the client may send.
        cap: Version,
    },
    /// An argument or the context does not encode.
    #[error("`{argument}` does not encode: {cause}")]
    Encode {
        /// Name of the argument.
        argument: String,
        /// What the encoder said.
        cause: String,
    },
    /// The message is larger than allowed.
    #[error("its body of {size} bytes is over the limit of {limit} bytes")]
    TooLarge {
        /// Size of the encoded body in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The target cannot be addressed: no topic, a fanout call, a name that the broker cannot hold.
    #[error("invalid target: {0}")]
    InvalidTarget(String),
    /// The driver cannot do this.
    #[error("the {driver} driver has no {capability}")]
    Unsupported {
        /// Name of the driver.
        driver: &'static str,
        /// What is missing.
        capability: &'static str,
    },
    /// The broker refused a declaration that has to come first.
    #[error("the broker refused {what}: {cause}")]
    Refused {
        /// What was asked, with the names of exchange and queue.
        what: String,
        /// The broker's code and text.
        cause: String,
    },
    /// The transport is closed.
    #[error("the transport is closed")]
    Closed,
    /// No connection to a broker until the deadline, or until the allowed attempts were used up.
    #[error("no broker could be reached in {waited:?} ({attempts} attempts), last: {cause}")]
    Unreachable {
        /// How long it waited.
        waited: Duration,
        /// Attempts made meanwhile.
        attempts: u32,
        /// The last attempt's failure, with the host.
        cause: String,
    },
    /// No time was left: the request that is being handled has reached its own deadline, or the timeout is zero.
    #[error("its deadline had passed before it was sent")]
    DeadlinePassed,
    /// The broker blocks publishers (an alarm) and did so until the deadline.
    #[error("the broker blocks publishers: {0}")]
    Blocked(String),
}

/// Nothing left this process.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("not sent: {request}: {reason}")]
pub struct NotSent {
    /// Which request.
    pub request: RequestInfo,
    /// Why.
    pub reason: NotSentReason,
}

/// The broker has no queue for the message and gave it back.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "unroutable: {request}: the broker has no queue for routing key `{routing_key}` of exchange `{exchange}` \
     ({code} {text}); no server has ever listened there, or its queue expired"
)]
pub struct Unroutable {
    /// Which request.
    pub request: RequestInfo,
    /// Exchange it was published to.
    pub exchange: String,
    /// Routing key it was published with.
    pub routing_key: String,
    /// The broker's reply code, 312 for NO_ROUTE.
    pub code: u16,
    /// The broker's reply text.
    pub text: String,
}

/// Handed to the broker, whose word is missing or was a refusal: it may run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("unconfirmed: {request}: {cause}; it may have run or still run")]
pub struct Unconfirmed {
    /// Which request.
    pub request: RequestInfo,
    /// What happened instead of a confirmation.
    pub cause: String,
}

/// What kind of refusal a server answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// No endpoint has the method.
    NoSuchMethod,
    /// No endpoint serves the namespace and version.
    UnsupportedVersion,
    /// The arguments do not fit the method.
    InvalidArguments,
    /// An access policy forbids it.
    Denied,
    /// The server sheds load.
    Overloaded,
    /// The request itself could not be read.
    BadRequest,
}

impl RejectionKind {
    const ALL: [Self; 6] = [
        Self::NoSuchMethod,
        Self::UnsupportedVersion,
        Self::InvalidArguments,
        Self::Denied,
        Self::Overloaded,
        Self::BadRequest,
    ];

    /// The name in snake_case: on the wire between Rust peers, in logs and tools.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchMethod => "no_such_method",
            Self::UnsupportedVersion => "unsupported_version",
            Self::InvalidArguments => "invalid_arguments",
            Self::Denied => "denied",
            Self::Overloaded => "overloaded",
            Self::BadRequest => "bad_request",
        }
    }

    /// The kind with this name; `None` for a name that this release does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A server refused to run it; that is certain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("rejected: {request}: {}", failure.message)]
pub struct Rejection {
    /// Which request.
    pub request: RequestInfo,
    /// Why.
    pub kind: RejectionKind,
    /// The failure as it came.
    pub failure: super::RemoteFailure,
}

/// The server's sign of life stopped before its answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("server lost: {request}: no sign of life for {silent_for:?}; it may have run")]
pub struct ServerLost {
    /// Which request.
    pub request: RequestInfo,
    /// How long no heartbeat came.
    pub silent_for: Duration,
}

/// No reply by the deadline, with what is known.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct TimeoutInfo {
    /// Which request.
    pub request: RequestInfo,
    /// The timeout that applied.
    pub timeout: Duration,
    /// Whether the broker had confirmed the request; `None` when confirms are off.
    pub confirmed: Option<bool>,
    /// Consumers of the request's queue, asked shortly before the timeout; `None` when it could not be asked.
    pub consumers: Option<u32>,
    /// Messages waiting in the request's queue at that time.
    pub waiting: Option<u32>,
    /// Reconnects while the call waited.
    pub reconnects: u32,
}

impl fmt::Display for TimeoutInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timed out after {:?}: {}", self.timeout, self.request)?;
        match self.confirmed {
            Some(true) => f.write_str("; the broker had taken the request")?,
            Some(false) => f.write_str("; the broker had not confirmed the request")?,
            None => {}
        }
        match (self.consumers, self.waiting) {
            (Some(0), _) => f.write_str("; its queue has no consumer: no server is running")?,
            (Some(n), Some(w)) => write!(f, "; its queue has {n} consumers and {w} messages waiting")?,
            (Some(n), None) => write!(f, "; its queue has {n} consumers")?,
            (None, _) => {}
        }
        if self.reconnects > 0 {
            write!(f, "; reconnected {} times meanwhile", self.reconnects)?;
        }
        f.write_str("; it may have run")
    }
}

impl std::error::Error for TimeoutInfo {}

/// The method ran, but its answer does not fit the declared type.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("bad reply: {request}: {cause}")]
pub struct BadReply {
    /// Which request.
    pub request: RequestInfo,
    /// What the decoder said.
    pub cause: String,
}
