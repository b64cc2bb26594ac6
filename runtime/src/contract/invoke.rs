//! The object-safe seam under every client: what carries a call or a cast out.

use crate::context::Context;
use crate::error::{CallFault, CastError, RemoteFailure, RequestInfo};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::target::Target;
use crate::version::Version;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// A boxed future that borrows nothing.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A request ready to be sent: encoded arguments, resolved options.
#[non_exhaustive]
pub struct Invocation {
    /// Identity of the request: `_msg_id` of a call. Made here so that every error can name it.
    pub message_id: MessageId,
    /// Wire name of the method.
    pub method: Cow<'static, str>,
    /// The arguments, an encoded JSON object.
    pub args: String,
    /// The context to send.
    pub context: Context,
    /// Where it goes. `version` is what the request needs, which may exceed `options.version_cap` (then it is refused).
    pub target: Target,
    /// The rest.
    pub options: SendOptions,
}

/// Leaves the arguments out: they may be secrets.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("message_id", &self.message_id)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("context", &self.context)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Invocation {
    /// How long to wait for the answer: the chosen timeout or else `default`, and never past the deadline of the
    /// request that is being handled with this context.
    pub fn timeout_or(&self, default: Duration) -> Duration {
        let timeout = self.options.timeout.unwrap_or(default);
        match self.context.deadline() {
            Some(deadline) => timeout.min(deadline.saturating_duration_since(Instant::now())),
            None => timeout,
        }
    }

    /// What errors say of this request.
    pub fn info(&self) -> RequestInfo {
        let mut info = RequestInfo::new(self.method.as_ref(), self.target.clone());
        info.message_id = Some(self.message_id);
        info
    }
}

/// How a request is sent.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SendOptions {
    /// How long the caller waits; the transport's `rpc_response_timeout` (60 s) when absent.
    pub timeout: Option<Duration>,
    /// The newest version that may be sent.
    pub version_cap: Option<Version>,
    /// Failed connection attempts to bear: `None` none counted, wait until the deadline.
    pub retry: Option<u32>,
    /// Ask the server for signs of life, and give up when none comes for this long.
    pub call_monitor: Option<Duration>,
}

/// What a server answered.
#[derive(Clone)]
pub enum Answer {
    /// The method's result.
    Result(RawJson),
    /// The method's failure, not (certainly) a refusal to run.
    Failure(RemoteFailure),
}

/// Leaves the result out: it may be a secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(value) => f.debug_tuple("Result").field(&value.hidden()).finish(),
            Self::Failure(failure) => f.debug_tuple("Failure").field(failure).finish(),
        }
    }
}

/// Carries calls and casts out. `rpc/` implements it for a transport, `in_process` over a dispatcher.
pub trait Invoke: fmt::Debug + Send + Sync + 'static {
    /// Sends and waits for the answer. Nothing is sent before the future is polled. Dropping the future gives the
    /// call up: its slot is free at once, a late reply is counted and thrown away.
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>>;

    /// Sends; resolves when a queue (for a fanout: the broker) has it.
    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>>;
}
