//! Carries calls and casts of a transport's clients out, and brings the answers back.
//!
//! One for each transport, shared by all its clients. Knows the driver seam and no broker. Nothing on the way of a call is
//! awaited but a missing connection and the answer itself: publishing returns at once, a confirmation only sets a flag,
//! and the reply completes the waiting future from where the driver's I/O runs.

use super::begun::Begun;
use super::correlation::Correlation;
use super::in_flight::InFlight;
use super::outgoing;
use super::refusals::Refusals;
use super::replies::ReplySink;
use super::rust_peers::RustPeers;
use super::shown::loggable;
use super::wait::SETTLING;
use crate::contract::{Answer, BoxFuture, Caller, Invocation, Invoke};
use crate::error::{CallFault, CastError, NotSent, NotSentReason, Unconfirmed, Unroutable};
use crate::id::MessageId;
use crate::serving::after;
use crate::transport::{
    Driver, Publish, PublishError, Route, SharedCaller, Transport, TransportCounters, TransportOptions,
};
use crate::wire::{OutgoingCall, OutgoingRequest};
use std::fmt;
use std::sync::Arc;
use tokio::time::sleep_until;

impl From<&Transport> for Caller {
    fn from(transport: &Transport) -> Self {
        Self::new(Arc::clone(invoker(transport)) as Arc<dyn Invoke>)
    }
}

impl From<Transport> for Caller {
    fn from(transport: Transport) -> Self {
        Self::from(&transport)
    }
}

impl Invoke for Transport {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        invoker(self).call(invocation)
    }

    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        invoker(self).cast(invocation)
    }
}

fn invoker(transport: &Transport) -> &Arc<dyn SharedCaller> {
    transport.caller_or_init(|| Arc::new(RpcCaller { shared: Shared::new(transport) }))
}

struct RpcCaller {
    shared: Arc<Shared>,
}

impl fmt::Debug for RpcCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcCaller").field("driver", &self.shared.driver.name()).finish_non_exhaustive()
    }
}

impl Invoke for RpcCaller {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        Box::pin(Arc::clone(&self.shared).call(invocation))
    }

    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        Box::pin(Arc::clone(&self.shared).cast(invocation))
    }
}

impl SharedCaller for RpcCaller {
    fn closed(&self) {
        self.shared.correlation.fail_all(|| PublishError::Unconfirmed {
            cause: "the transport was closed before the answer came".to_owned(),
            node: None,
        });
    }
}

/// What all calls and casts of a transport share.
pub(super) struct Shared {
    pub(super) driver: Arc<dyn Driver>,
    pub(super) options: Arc<TransportOptions>,
    pub(super) counters: Arc<TransportCounters>,
    pub(super) correlation: Arc<Correlation>,
    control_exchange: Arc<str>,
    pub(super) rust_peers: RustPeers,
}

impl Shared {
    fn new(transport: &Transport) -> Arc<Self> {
        let shared = Self {
            driver: Arc::clone(transport.driver()),
            options: transport.shared_options(),
            counters: transport.counters(),
            correlation: Arc::default(),
            control_exchange: transport.options().control_exchange.as_str().into(),
            rust_peers: RustPeers::default(),
        };
        let sink = ReplySink::new(
            Arc::downgrade(&shared.driver),
            shared.options.limits,
            Arc::clone(&shared.correlation),
            Arc::clone(&shared.counters),
        );
        shared.driver.on_reply(Arc::new(sink));
        Arc::new(shared)
    }

    async fn call(self: Arc<Self>, mut invocation: Invocation) -> Result<Answer, CallFault> {
        let mut in_flight = InFlight::begin(&self.counters);
        self.resolve(&mut invocation);
        let begun = Begun::call(&invocation, self.options.rpc_response_timeout);
        let result = self.exchange(&invocation, &begun).await;
        in_flight.ended = true;
        if let Err(fault) = &result {
            tracing::debug!(
                method = %invocation.method, message_id = %invocation.message_id, error = %loggable(fault), "call failed"
            );
        }
        result
    }

    async fn cast(self: Arc<Self>, mut invocation: Invocation) -> Result<(), CastError> {
        self.counters.casts.add();
        self.resolve(&mut invocation);
        let begun = Begun::cast(&invocation, self.options.rpc_response_timeout);
        let refuse =
            |reason| CastError::NotSent(Box::new(NotSent { request: begun.info(&invocation, None), reason }));
        let route = self.check(&invocation, &begun).map_err(refuse)?;
        let unique_id = MessageId::random();
        let mut refusals = Refusals::none();
        let error = loop {
            let sent = match self.encode(&invocation, &begun, route.clone(), unique_id, None) {
                Ok(publish) => self.confirmed(publish, &begun).await,
                Err(reason) => Err(PublishError::NotSent(reason)),
            };
            let Err(error) = sent else { return Ok(()) };
            if !matches!(error, PublishError::Refused { .. }) {
                break error;
            }
            let Some(again) = refusals.again(begun.deadline) else { break error };
            tracing::debug!(method = %invocation.method, "the broker refused the cast, trying again");
            sleep_until(again).await;
        };
        let error = self.not_taken(refusals.sum_up(error), &invocation, &begun);
        tracing::debug!(method = %invocation.method, error = %error, "cast failed");
        Err(error)
    }

    /// Hands a cast's request over and waits for the broker's word.
    async fn confirmed(&self, publish: Publish, begun: &Begun) -> Result<(), PublishError> {
        let (settle, settled) = tokio::sync::oneshot::channel();
        self.driver.publish(
            publish,
            Box::new(move |result| {
                // Whoever dropped the cast's future does not want to know.
                let _ = settle.send(result);
            }),
        );
        let cause = match tokio::time::timeout_at(after(begun.deadline, SETTLING), settled).await {
            Ok(Ok(result)) => return result.map(drop),
            Ok(Err(_)) => "the transport was closed".to_owned(),
            Err(_) => format!("no confirmation came in {:?}", begun.at.elapsed()),
        };
        Err(PublishError::Unconfirmed { cause, node: None })
    }

    /// Fills in the exchange that targets without one mean.
    fn resolve(&self, invocation: &mut Invocation) {
        if invocation.target.exchange.is_none() {
            invocation.target.exchange = Some(Arc::clone(&self.control_exchange));
        }
    }

    /// All that can be found wrong before a connection is needed.
    pub(super) fn check(&self, invocation: &Invocation, begun: &Begun) -> Result<Route, NotSentReason> {
        let unsupported = |capability| NotSentReason::Unsupported { driver: self.driver.name(), capability };
        let capabilities = self.driver.capabilities();
        if !capabilities.rpc {
            return Err(unsupported("RPC"));
        }
        if invocation.options.call_monitor.is_some() && !capabilities.call_monitor {
            return Err(unsupported("call monitor"));
        }
        if invocation.method.is_empty() {
            return Err(NotSentReason::InvalidTarget("the method has no name".to_owned()));
        }
        let route = outgoing::route(&invocation.target)?;
        if begun.time().is_zero() { Err(NotSentReason::DeadlinePassed) } else { Ok(route) }
    }

    pub(super) fn encode(
        &self,
        invocation: &Invocation,
        begun: &Begun,
        route: Route,
        unique_id: MessageId,
        call: Option<OutgoingCall<'_>>,
    ) -> Result<Publish, NotSentReason> {
        let target = &invocation.target;
        // The format knows how much it will write.
        let mut body = Vec::new();
        let request = OutgoingRequest {
            method: &invocation.method,
            args: &invocation.args,
            namespace: target.namespace.as_deref(),
            version: target.version,
            call,
            unique_id,
            context: &invocation.context,
        };
        let properties = self.driver.format().encode_request(&request, &self.options.limits, &mut body)?;
        let mandatory = self.driver.capabilities().mandatory && !matches!(route, Route::Fanout { .. });
        let deadline = Some(begun.deadline.into_std());
        let answered = call.is_some();
        Ok(Publish {
            route,
            body,
            properties,
            unique_id,
            mandatory,
            answered,
            deadline,
            retry: invocation.options.retry,
        })
    }

    /// The broker's refusal in the words of a request.
    pub(super) fn not_taken(&self, error: PublishError, invocation: &Invocation, begun: &Begun) -> CastError {
        let request = |node: Option<Arc<str>>| begun.info(invocation, node.map(|node| node.to_string()));
        match error {
            PublishError::NotSent(reason) => {
                CastError::NotSent(Box::new(NotSent { request: request(None), reason }))
            }
            PublishError::Returned { exchange, routing_key, code, text, node } => {
                self.counters.unroutable.add();
                let request = request(node);
                CastError::Unroutable(Box::new(Unroutable { request, exchange, routing_key, code, text }))
            }
            PublishError::Refused { cause, node }
            | PublishError::Unconfirmed { cause, node }
            | PublishError::Lost { cause, node } => {
                CastError::Unconfirmed(Box::new(Unconfirmed { request: request(node), cause }))
            }
        }
    }
}
