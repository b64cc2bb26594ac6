//! Calls an endpoint in this process: real encoding, dispatch and decoding, no broker, no runtime.

use super::caller::Caller;
use super::dispatcher::Dispatcher;
use super::endpoint::{Endpoint, Reply, Started};
use super::invoke::{Answer, BoxFuture, Invocation, Invoke};
use super::outcome::classify;
use super::refusal::Refusal;
use crate::context::Delivery;
use crate::error::{BadReply, CallFault, CastError, NotSent, NotSentReason, RequestInfo};
use crate::id::MessageId;
use crate::wire::{
    Limits, Oslo2, OutgoingCall, OutgoingReply, OutgoingReplyBody, OutgoingRequest, WireFormat,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What `rpc_response_timeout` is where nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A caller whose requests `endpoint` serves in this process, encoded and decoded as they would be on the wire.
///
/// A call runs its handler inside its own future: no runtime is needed, dropping the call drops the handler, and as there
/// is no timer, nothing enforces the timeout; the handler sees its deadline. A cast runs its handler to the end and throws
/// the answer away. Topic, server and fanout of the target do not matter; namespace and version do, as on a server.
///
/// ```
/// use oslo_messaging::contract::{DynEndpoint, DynRequest, RequestBuilder, in_process};
/// use oslo_messaging::error::RemoteFailure;
/// use oslo_messaging::{target::Target, testing::block_on};
/// use serde_json::{Value, json};
///
/// let caller = in_process(DynEndpoint::new(async |_: DynRequest| Ok::<Value, RemoteFailure>(json!("pong"))));
/// let ping = RequestBuilder::untyped(&caller, Target::default(), "ping");
/// assert_eq!(block_on(ping.call::<Result<String, RemoteFailure>>()).unwrap(), "pong");
/// ```
///
/// Generated clients have it as `<Trait>Client::in_process(service)`.
pub fn in_process(endpoint: impl Endpoint) -> Caller {
    in_process_all(Dispatcher::with_shadowing(vec![Arc::new(endpoint)]))
}

/// As [`in_process`], for all the endpoints of a server.
pub fn in_process_all(dispatcher: Dispatcher) -> Caller {
    Caller::new(Arc::new(InProcess { server: Arc::new(Server { dispatcher, format: Oslo2::new() }) }))
}

#[derive(Debug)]
struct InProcess {
    server: Arc<Server>,
}

#[derive(Debug)]
struct Server {
    dispatcher: Dispatcher,
    format: Oslo2,
}

impl Invoke for InProcess {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        let server = Arc::clone(&self.server);
        Box::pin(async move {
            let begun = Instant::now();
            let started = server.receive(&invocation, true).map_err(CallFault::NotSent)?;
            let outcome = match started {
                Ok(handler) => Ok(handler.await),
                Err(refusal) => Err(refusal),
            };
            let info = || RequestInfo { elapsed: begun.elapsed(), ..invocation.info() };
            server.answer(invocation.message_id, &outcome, info)
        })
    }

    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        let server = Arc::clone(&self.server);
        Box::pin(async move {
            if let Ok(handler) = server.receive(&invocation, false).map_err(CastError::NotSent)? {
                handler.await;
            }
            Ok(())
        })
    }
}

impl Server {
    /// Sends a request through the codec into the dispatcher.
    fn receive(&self, invocation: &Invocation, wants_answer: bool) -> Result<Started, Box<NotSent>> {
        let timeout = invocation.timeout_or(DEFAULT_TIMEOUT);
        let request = OutgoingRequest {
            method: &invocation.method,
            args: &invocation.args,
            namespace: invocation.target.namespace.as_deref(),
            version: invocation.target.version,
            call: wants_answer.then_some(OutgoingCall {
                message_id: invocation.message_id,
                reply_to: "in-process",
                monitor: invocation.options.call_monitor,
                timeout,
            }),
            unique_id: MessageId::random(),
            context: &invocation.context,
        };
        let mut body = Vec::new();
        let not_sent = |reason| Box::new(NotSent { request: invocation.info(), reason });
        let limits = Limits::default();
        let properties =
            self.format.encode_request(&request, &limits, &mut body).map_err(|over| not_sent(over.into()))?;
        let request = self.format.decode_request(&body, &properties, &limits).map_err(|malformed| {
            not_sent(NotSentReason::Encode { argument: "args".to_owned(), cause: malformed.cause })
        })?;
        let delivery = Delivery {
            target: invocation.target.clone(),
            message_id: wants_answer.then_some(invocation.message_id),
            deadline: request.remaining.and_then(|remaining| Instant::now().checked_add(remaining)),
            ..Delivery::default()
        };
        Ok(self.dispatcher.dispatch(request, delivery))
    }

    /// Sends the answer back through the codec.
    fn answer(
        &self,
        message_id: MessageId,
        outcome: &Result<Reply, Refusal>,
        info: impl FnOnce() -> RequestInfo,
    ) -> Result<Answer, CallFault> {
        let body = match outcome {
            Ok(Reply::Result(value)) => OutgoingReplyBody::Result(value.as_str()),
            Ok(Reply::Declared(failure) | Reply::Internal { failure, .. }) => {
                OutgoingReplyBody::Failure(failure)
            }
            Err(refusal) => OutgoingReplyBody::Refusal { failure: &refusal.failure, kind: refusal.kind },
        };
        let reply = OutgoingReply { message_id: message_id.as_str(), unique_id: MessageId::random(), body };
        let mut body = Vec::new();
        let limits = Limits::default();
        let encoded = self.format.encode_reply(&reply, &limits, &mut body);
        let decoded =
            encoded.map_err(|over| format!("the answer is over a limit: {over}")).and_then(|properties| {
                self.format.decode_reply(&body, &properties, &limits).map_err(|malformed| malformed.cause)
            });
        match decoded {
            Ok(reply) => match reply.failure {
                Some(failure) => classify(failure, reply.refused, info()),
                None => Ok(Answer::Result(reply.result.unwrap_or_default())),
            },
            Err(cause) => Err(CallFault::BadReply(Box::new(BadReply { request: info(), cause }))),
        }
    }
}
