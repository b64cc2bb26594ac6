//! Carries calls and casts of a transport's clients out, and brings the answers back.
//!
//! One for each transport, shared by all its clients. Knows the driver seam and no broker. Nothing on the way of a call is
//! awaited but a missing connection and the answer itself: publishing returns at once, a confirmation only sets a flag,
//! and the reply completes the waiting future from the driver's thread.

use super::begun::Begun;
use super::correlation::{Correlation, Outcome, Waiting};
use super::deadline::{attempts_used_up, not_sent};
use super::in_flight::InFlight;
use super::outgoing;
use super::replies::ReplySink;
use super::rust_peers::RustPeers;
use super::wait::{SETTLING, Silence, answer, ended_by};
use crate::contract::{Answer, BoxFuture, Caller, Invocation, Invoke, classify};
use crate::error::{
    CallFault, CastError, NotSent, NotSentReason, ServerLost, TimeoutInfo, Unconfirmed, Unroutable,
};
use crate::id::MessageId;
use crate::serving::after;
use crate::transport::{
    Driver, DriverError, Health, Publish, PublishError, ReplyAddress, Route, SharedCaller, Transport,
    TransportCounters, TransportOptions,
};
use crate::wire::{OutgoingCall, OutgoingRequest};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// How long a timed-out call waits for the broker's word on its queue.
const INSPECTION: Duration = Duration::from_millis(500);

/// The pause before a request is sent again that the broker has refused; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Below this a server sends no signs of life.
const SHORTEST_MONITOR: Duration = Duration::from_secs(2);

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

struct Shared {
    driver: Arc<dyn Driver>,
    options: Arc<TransportOptions>,
    counters: Arc<TransportCounters>,
    correlation: Arc<Correlation>,
    control_exchange: Arc<str>,
    rust_peers: RustPeers,
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
            tracing::debug!(method = %invocation.method, message_id = %invocation.message_id, error = %fault, "call failed");
        }
        result
    }

    /// A call from its checks to its answer.
    async fn exchange(&self, invocation: &Invocation, begun: &Begun) -> Result<Answer, CallFault> {
        let refuse =
            |reason| CallFault::NotSent(Box::new(NotSent { request: begun.info(invocation, None), reason }));
        let route = self.check(invocation, begun).map_err(refuse)?;
        if matches!(route, Route::Fanout { .. }) {
            let text = "a call cannot go to every server, its caller takes one answer; use a cast";
            return Err(refuse(NotSentReason::InvalidTarget(text.to_owned())));
        }
        let monitor = invocation.options.call_monitor.or_else(|| self.own_monitor(invocation, begun));
        let (address, remaining) = self.reply_address(invocation, begun).await.map_err(refuse)?;
        let mut call = OutgoingCall {
            message_id: invocation.message_id,
            reply_to: &address.0,
            monitor,
            timeout: remaining,
        };
        let unique_id = MessageId::random();
        let publish = self.encode(invocation, begun, route.clone(), unique_id, Some(call)).map_err(refuse)?;
        let losses = self.counters.connections_lost.get();
        let waiting = self.correlation.wait_for(invocation.message_id);
        tracing::debug!(method = %invocation.method, message_id = %invocation.message_id, "call sent");
        self.publish(&waiting, publish);
        let mut pause = FIRST_PAUSE;
        let ended = loop {
            let ended = answer(&waiting, begun.deadline, monitor).await;
            let again = Instant::now() + pause;
            if !matches!(ended, Ok(Outcome::Failed(PublishError::Refused { .. }))) || again >= begun.deadline
            {
                break ended;
            }
            tracing::debug!(message_id = %invocation.message_id, "the broker refused the call, trying again");
            // A refused message may have reached its queue all the same, and be answered.
            if let Some(outcome) = ended_by(&waiting, again).await {
                break Ok(outcome);
            }
            call.timeout = begun.deadline.saturating_duration_since(again);
            self.publish(
                &waiting,
                self.encode(invocation, begun, route.clone(), unique_id, Some(call)).map_err(refuse)?,
            );
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let (confirmed, node) = (waiting.slot().is_confirmed(), waiting.slot().node());
        // Frees the slot before the broker is asked about a timeout.
        drop((waiting, address));
        match ended {
            Ok(Outcome::Reply(reply)) => {
                if reply.rust_peer {
                    self.rust_peers.answered(&invocation.target);
                }
                match reply.failure {
                    None => Ok(Answer::Result(reply.result.unwrap_or_default())),
                    Some(failure) => classify(failure, reply.refused, begun.info(invocation, node)),
                }
            }
            Ok(Outcome::Failed(error)) => Err(self.not_taken(error, invocation, begun).into()),
            Err(Silence::Server { silent_for }) => {
                self.counters.servers_lost.add();
                let request = begun.info(invocation, node);
                Err(CallFault::ServerLost(Box::new(ServerLost { request, silent_for })))
            }
            Err(Silence::Deadline) => {
                self.counters.timeouts.add();
                let queue = self.inspect(&route).await;
                Err(CallFault::Timeout(Box::new(TimeoutInfo {
                    request: begun.info(invocation, node),
                    timeout: begun.time(),
                    confirmed: self.driver.capabilities().confirm.then_some(confirmed),
                    consumers: queue.map(|queue| queue.consumers),
                    waiting: queue.map(|queue| queue.messages),
                    reconnects: u32::try_from(self.counters.connections_lost.get() - losses)
                        .unwrap_or(u32::MAX),
                })))
            }
        }
    }

    /// Hands a call's request over; its outcome goes to the call's slot.
    fn publish(&self, waiting: &Waiting, publish: Publish) {
        let slot = Arc::clone(waiting.slot());
        self.driver.publish(
            publish,
            Box::new(move |settled| match settled {
                Ok(confirmed) => slot.confirmed(confirmed.node),
                Err(PublishError::Lost { .. }) => slot.lost(),
                Err(error) => slot.failed(error),
            }),
        );
    }

    async fn cast(self: Arc<Self>, mut invocation: Invocation) -> Result<(), CastError> {
        self.counters.casts.add();
        self.resolve(&mut invocation);
        let begun = Begun::cast(&invocation, self.options.rpc_response_timeout);
        let refuse =
            |reason| CastError::NotSent(Box::new(NotSent { request: begun.info(&invocation, None), reason }));
        let route = self.check(&invocation, &begun).map_err(refuse)?;
        let unique_id = MessageId::random();
        let mut pause = FIRST_PAUSE;
        let error = loop {
            let encoded = self.encode(&invocation, &begun, route.clone(), unique_id, None);
            let Err(error) = self.confirmed(encoded.map_err(refuse)?, &begun).await else { return Ok(()) };
            let again = Instant::now() + pause;
            if !matches!(error, PublishError::Refused { .. }) || again >= begun.deadline {
                break error;
            }
            tracing::debug!(method = %invocation.method, "the broker refused the cast, trying again");
            sleep_until(again).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let error = self.not_taken(error, &invocation, &begun);
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
    fn check(&self, invocation: &Invocation, begun: &Begun) -> Result<Route, NotSentReason> {
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

    /// The monitoring of a call that asks for none: a call longer than the usual timeout, to a server known to be ours,
    /// ends when that server was silent for the usual timeout.
    fn own_monitor(&self, invocation: &Invocation, begun: &Begun) -> Option<Duration> {
        let usual = self.options.rpc_response_timeout;
        let long = begun.time() > usual && usual >= SHORTEST_MONITOR;
        (long && self.driver.capabilities().call_monitor && self.rust_peers.contains(&invocation.target))
            .then_some(usual)
    }

    /// The reply address, and what is then left of the call's time.
    async fn reply_address(
        &self,
        invocation: &Invocation,
        begun: &Begun,
    ) -> Result<(ReplyAddress, Duration), NotSentReason> {
        if let Some(address) = self.driver.reply_address() {
            return Ok((address, begun.time()));
        }
        let deadline = Some(begun.deadline.into_std());
        let health = self.driver.health();
        let refusal = |error: DriverError| not_sent(error, &self.driver.health().borrow());
        let address = tokio::select! {
            biased;
            address = self.driver.reply_address_by(deadline) => address.map_err(refusal)?,
            reason = attempts_used_up(health, invocation.options.retry, begun.at) => return Err(reason),
        };
        let remaining = begun.deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() { Err(NotSentReason::DeadlinePassed) } else { Ok((address, remaining)) }
    }

    fn encode(
        &self,
        invocation: &Invocation,
        begun: &Begun,
        route: Route,
        unique_id: MessageId,
        call: Option<OutgoingCall<'_>>,
    ) -> Result<Publish, NotSentReason> {
        let target = &invocation.target;
        // The envelope and its keys take some 300 bytes, quotes of the arguments are escaped once.
        let mut body = Vec::with_capacity(512 + invocation.args.len() + invocation.args.len() / 4);
        let request = OutgoingRequest {
            method: &invocation.method,
            args: &invocation.args,
            namespace: target.namespace.as_deref(),
            version: target.version,
            call,
            unique_id,
            context: &invocation.context,
        };
        let properties = self.driver.format().encode_request(&request, &mut body);
        let limit = self.options.limits.body;
        if body.len() > limit {
            return Err(NotSentReason::TooLarge { size: body.len(), limit });
        }
        let mandatory = self.driver.capabilities().mandatory && !matches!(route, Route::Fanout { .. });
        let deadline = Some(begun.deadline.into_std());
        Ok(Publish {
            route,
            body,
            properties,
            unique_id,
            mandatory,
            deadline,
            retry: invocation.options.retry,
        })
    }

    /// The broker's refusal in the words of a request.
    fn not_taken(&self, error: PublishError, invocation: &Invocation, begun: &Begun) -> CastError {
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

    /// What the broker knows of the queue of a call that timed out.
    async fn inspect(&self, route: &Route) -> Option<crate::transport::QueueState> {
        let can_be_asked =
            matches!(*self.driver.health().borrow(), Health::Ready { .. } | Health::Blocked { .. });
        if !can_be_asked {
            return None;
        }
        timeout(INSPECTION, self.driver.inspect(route)).await.ok().flatten()
    }
}
