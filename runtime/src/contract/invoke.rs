//! The object-safe seam under every client: what carries a call or a cast out.

use crate::context::Context;
use crate::error::{CallFault, CastError, RemoteFailure};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::target::Target;
use crate::version::Version;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A boxed future that borrows nothing.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A request ready to be sent: encoded arguments, resolved options.
#[derive(Debug)]
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
#[derive(Debug, Clone)]
pub enum Answer {
    /// The method's result.
    Result(RawJson),
    /// The method's failure, not (certainly) a refusal to run.
    Failure(RemoteFailure),
}

/// Carries calls and casts out. `rpc/` implements it for a transport, `in_process` over a dispatcher.
pub trait Invoke: fmt::Debug + Send + Sync + 'static {
    /// Sends and waits for the answer. Nothing is sent before the future is polled. Dropping the future gives the
    /// call up: its slot is free at once, a late reply is counted and thrown away.
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>>;

    /// Sends; resolves when a queue (for a fanout: the broker) has it.
    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>>;
}

/// Translates entities and contexts between a client's or a server's own form and the wire.
///
/// Corresponds to `oslo_messaging.Serializer`. Works on JSON, so that it composes with any argument type.
pub trait Serializer: fmt::Debug + Send + Sync + 'static {
    /// A value about to be sent: one argument (client) or the result (server).
    ///
    /// # Errors
    /// A text; the message is then not sent.
    fn serialize_entity(&self, context: &Context, value: RawJson) -> Result<RawJson, String> {
        let _ = context;
        Ok(value)
    }

    /// A value just received: one argument (server) or the result (client).
    ///
    /// # Errors
    /// A text; the request is then refused, or the reply is a bad one.
    fn deserialize_entity(&self, context: &Context, value: RawJson) -> Result<RawJson, String> {
        let _ = context;
        Ok(value)
    }

    /// A context about to be sent.
    ///
    /// # Errors
    /// A text; the message is then not sent.
    fn serialize_context(&self, context: Context) -> Result<Context, String> {
        Ok(context)
    }

    /// A context just received.
    ///
    /// # Errors
    /// A text; the request is then refused.
    fn deserialize_context(&self, context: Context) -> Result<Context, String> {
        Ok(context)
    }
}

/// What a client calls through: an [`Invoke`] with the options that [`prepare`](Caller::prepare) has set. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    pub(crate) invoke: Arc<dyn Invoke>,
    pub(crate) options: CallOptions,
}

impl Caller {
    /// A caller over `invoke` without options.
    pub fn new(invoke: Arc<dyn Invoke>) -> Self {
        Self { invoke, options: CallOptions::default() }
    }
}

/// Options of a client or of one pending call, each overriding what the contract says.
///
/// Corresponds to the arguments of `RPCClient.prepare`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    pub(crate) exchange: Option<Arc<str>>,
    pub(crate) topic: Option<Arc<str>>,
    pub(crate) namespace: Option<Option<Arc<str>>>,
    pub(crate) version: Option<Version>,
    pub(crate) server: Option<Arc<str>>,
    pub(crate) fanout: Option<bool>,
    pub(crate) context: Option<Context>,
    pub(crate) serializer: Option<Arc<dyn Serializer>>,
    pub(crate) send: SendOptions,
}
