//! The seam between the protocol and brokers: what a driver must do.
//!
//! A driver moves bytes. Correlation, deadlines of calls, versions and dispatch stand above it, once for all brokers.

use crate::id::MessageId;
use crate::transport::health::Health;
use crate::wire::{Bytes, Properties, WireFormat};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A boxed future, as drivers return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a message goes, or what is listened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// Any one server of a topic.
    Topic {
        /// Exchange; already resolved, never empty.
        exchange: Arc<str>,
        /// Topic.
        topic: Arc<str>,
    },
    /// One server of a topic.
    Server {
        /// Exchange; already resolved, never empty.
        exchange: Arc<str>,
        /// Topic.
        topic: Arc<str>,
        /// Server name.
        server: Arc<str>,
    },
    /// Every server of a topic; exchanges do not scope it.
    Fanout {
        /// Topic.
        topic: Arc<str>,
    },
    /// A reply address as a request named it. Publish only.
    Reply {
        /// The address, `_reply_q`.
        address: Arc<str>,
    },
    /// A notification topic and priority; `pool` names the queue of a listener pool.
    Notification {
        /// Exchange; already resolved, never empty.
        exchange: Arc<str>,
        /// Topic.
        topic: Arc<str>,
        /// Priority in lower case.
        priority: Arc<str>,
        /// Pool whose queue is used instead of `<topic>.<priority>`. Subscriptions only.
        pool: Option<Arc<str>>,
    },
    /// The queue that a subscription to another route consumes, past all exchanges: for giving a message back to it as a
    /// new one. Publish only; the queue is not made.
    Again {
        /// The subscription's route.
        of: Box<Route>,
    },
    /// The place beside the queue of a subscription's route where messages go that nobody can handle: `<queue>.dead`.
    /// Whoever publishes or subscribes makes the queue, durable.
    DeadLetters {
        /// The subscription's route.
        of: Box<Route>,
    },
}

/// A message to publish.
pub struct Publish {
    /// Where it goes.
    pub route: Route,
    /// Encoded body.
    pub body: Vec<u8>,
    /// Properties, from the wire format.
    pub properties: Properties,
    /// The `_unique_id` in the body: a returned message is matched by it.
    pub unique_id: MessageId,
    /// Whether the broker shall return the message if no queue takes it.
    pub mandatory: bool,
    /// Whether an answer is expected, which says more than any confirmation: a driver may be set to save that.
    pub answered: bool,
    /// Until when the driver may wait for a connection, an unblocking or a confirmation.
    pub deadline: Option<Instant>,
    /// How many connection attempts may fail while waiting before the one that is the last; those of before do not count.
    /// `None` is no limit. Corresponds to oslo's `retry`.
    pub retry: Option<u32>,
}

/// Leaves the body out: it may hold secrets.
impl fmt::Debug for Publish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish")
            .field("route", &self.route)
            .field("body", &Bytes(self.body.len()))
            .field("properties", &self.properties)
            .field("unique_id", &self.unique_id)
            .field("mandatory", &self.mandatory)
            .field("answered", &self.answered)
            .field("deadline", &self.deadline)
            .field("retry", &self.retry)
            .finish()
    }
}

/// The outcome of a publish, given to [`Driver::publish`]'s `settled` exactly once, from any thread. It must not block, nor
/// publish by itself: the driver may be about to hand over the next message.
pub type Settled = Box<dyn FnOnce(Result<Confirmed, PublishError>) + Send>;

/// The broker took responsibility, or, where confirmations are saved, has handed the message to its queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// Node that confirmed, as `host:port`; `None` for brokers without nodes.
    pub node: Option<Arc<str>>,
}

/// Why the broker did not take responsibility.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Nothing left this process.
    #[error("{0}")]
    NotSent(crate::error::NotSentReason),
    /// The broker returned it: no queue.
    #[error("returned by {node:?}: {code} {text}")]
    Returned {
        /// Exchange it was published to.
        exchange: String,
        /// Routing key.
        routing_key: String,
        /// Reply code.
        code: u16,
        /// Reply text.
        text: String,
        /// Node, as `host:port`.
        node: Option<Arc<str>>,
    },
    /// Handed over, and the connection was lost before the broker's word: it may have it, and a call's reply may still come.
    #[error("{cause}")]
    Lost {
        /// What was lost.
        cause: String,
        /// Node, as `host:port`.
        node: Option<Arc<str>>,
    },
    /// Handed over, and the broker refused responsibility (a nack): a queue is full, or has no leader just now. Sent again
    /// it may be taken.
    #[error("{cause}")]
    Refused {
        /// What the broker said.
        cause: String,
        /// Node, as `host:port`.
        node: Option<Arc<str>>,
    },
    /// Handed over, but the driver stopped waiting for the broker's word.
    #[error("{cause}")]
    Unconfirmed {
        /// What happened instead.
        cause: String,
        /// Node, as `host:port`.
        node: Option<Arc<str>>,
    },
}

/// What a consumer asks for.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// What to listen to, declared and consumed in this order. A queue to which several lead, such as a pool's, is consumed
    /// once, for the first of them.
    pub routes: Vec<Route>,
    /// Most deliveries unacknowledged at a time for each queue; 0 is no limit.
    pub prefetch: u16,
    /// How long deliveries are held.
    pub ack_mode: AckMode,
    /// Who this is, for log lines and connection names: `server host-1 of compute`.
    pub label: String,
}

/// When the deliveries of a subscription are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckMode {
    /// As soon as somebody is free to handle them. Nothing is held for long then, so such subscriptions may share what the
    /// broker takes away from somebody who holds a delivery for too long; and for a moment after such a subscription is made,
    /// or made again, each of its queues may have one delivery more out than the prefetch says.
    BeforeHandling,
    /// When they have been handled, however long that takes.
    AfterHandling,
}

/// One delivered message.
pub struct Delivery {
    /// Index into [`Subscription::routes`].
    pub route: usize,
    /// Encoded body.
    pub body: Vec<u8>,
    /// Properties as received.
    pub properties: Properties,
    /// Whether the broker has delivered it before.
    pub redelivered: bool,
    /// How often it was delivered before, where the broker counts that; giving it back is then enough to be counted.
    pub redeliveries: Option<u64>,
    /// Its acknowledgement.
    pub ack: AckHandle,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("route", &self.route)
            .field("bytes", &self.body.len())
            .field("redelivered", &self.redelivered)
            .finish_non_exhaustive()
    }
}

/// What a driver does with the acknowledgements of a consumer. Calls return at once: after a lost connection the broker has
/// the message back and the token means nothing.
pub trait Acknowledge: Send + Sync + 'static {
    /// The message is done with. Whether the broker will be told, as far as is known here: not where the message has gone
    /// back to its queue meanwhile.
    fn ack(&self, token: u64) -> bool;
    /// The message is given back (`requeue`) or thrown away.
    fn reject(&self, token: u64, requeue: bool);
}

/// The acknowledgement of one delivery. Dropping it leaves the message unacknowledged until its consumer closes.
#[must_use = "an unacknowledged message goes back to its queue only when the consumer closes"]
pub struct AckHandle {
    token: u64,
    acks: Option<Arc<dyn Acknowledge>>,
}

impl AckHandle {
    /// A handle for `token` of `acks`.
    pub fn new(token: u64, acks: Arc<dyn Acknowledge>) -> Self {
        Self { token, acks: Some(acks) }
    }

    /// The handle of a delivery that is done with already.
    #[cfg(feature = "memory")]
    pub(crate) fn settled() -> Self {
        Self { token: 0, acks: None }
    }

    /// The message is done with. False where that is in vain: the connection is gone that it came over, and the broker has it
    /// back. What may run once only must not run then.
    pub fn ack(self) -> bool {
        self.acks.is_none_or(|acks| acks.ack(self.token))
    }

    /// The message is given back to its queue (`requeue`) or thrown away.
    pub fn reject(self, requeue: bool) {
        if let Some(acks) = self.acks {
            acks.reject(self.token, requeue);
        }
    }
}

impl fmt::Debug for AckHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AckHandle({})", self.token)
    }
}

/// Takes deliveries. Called where the driver's I/O runs, one delivery at a time per subscription: it must not block.
pub trait Sink: Send + Sync + 'static {
    /// A message has arrived.
    fn deliver(&self, delivery: Delivery);

    /// The consumer was lost, with its connection or alone, and begins anew; or its driver was closed. Deliveries not yet
    /// acknowledged go back to their queues: what waits here is somebody else's, and is not to be handled.
    fn interrupted(&self) {}

    /// It was the connection that was lost; [`interrupted`](Self::interrupted) follows.
    fn connection_lost(&self) {}
}

/// A running consumer. It survives reconnects; dropping it cancels and closes in the background.
pub trait Consumer: Send + Sync + 'static {
    /// Stops deliveries. Those already made can still be acknowledged. When this resolves, no further one comes.
    fn cancel(&self) -> BoxFuture<'_, ()>;

    /// Cancels, gives back what is unacknowledged, deletes what belongs to this consumer alone (its fanout queue).
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A reply address in use. Hold a clone as long as a reply may come; the driver consumes it until the last is dropped.
#[derive(Debug, Clone)]
pub struct ReplyAddress(pub Arc<str>);

/// What a driver can do; asking for anything else is a typed error before anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Calls with replies.
    pub rpc: bool,
    /// Returning unroutable messages.
    pub mandatory: bool,
    /// Confirming publishes.
    pub confirm: bool,
    /// Giving messages back to their queue.
    pub requeue: bool,
    /// Heartbeats of a running call.
    pub call_monitor: bool,
    /// Listener pools.
    pub pools: bool,
}

impl Capabilities {
    /// Everything.
    pub const ALL: Self =
        Self { rpc: true, mandatory: true, confirm: true, requeue: true, call_monitor: true, pools: true };
}

/// What a queue looks like at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    /// Messages ready for delivery.
    pub messages: u32,
    /// Consumers.
    pub consumers: u32,
}

/// A driver could not do what it was asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The transport is closed.
    #[error("the transport is closed")]
    Closed,
    /// No connection until the deadline, or in as many attempts as were allowed.
    #[error("no broker could be reached in {waited:?} ({attempts} failed attempts), last: {cause}")]
    Unreachable {
        /// How long it waited.
        waited: Duration,
        /// Connection attempts that failed meanwhile.
        attempts: u32,
        /// The last attempt's failure, with the host.
        cause: String,
    },
    /// The broker refused, with its words: a declaration with other arguments, missing permissions.
    #[error("the broker refused {what}: {cause}")]
    Refused {
        /// What was asked, with the names of exchange and queue.
        what: String,
        /// The broker's code and text, and what to do.
        cause: String,
    },
    /// The driver cannot do this at all.
    #[error("the {driver} driver has no {capability}")]
    Unsupported {
        /// Name of the driver.
        driver: &'static str,
        /// What is missing.
        capability: &'static str,
    },
}

/// A broker.
pub trait Driver: fmt::Debug + Send + Sync + 'static {
    /// Its name, for messages: `rabbit`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// How messages look on it.
    fn format(&self) -> &dyn WireFormat;

    /// The prefetch of every subscription, whatever one asks for, where the driver's options say so; 0 is no limit.
    fn prefetch(&self) -> Option<u16> {
        None
    }

    /// Publishes; returns at once. The outcome goes to `settled`. Order is kept among publishes to the same route
    /// from the same thread while the connection lasts.
    fn publish(&self, message: Publish, settled: Settled);

    /// Consumes; resolves when the broker has accepted every consumer, or by `deadline`.
    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>>;

    /// Installs who takes replies, once, before the first reply address is asked for. Deliveries of replies are
    /// acknowledged by the sink.
    fn on_reply(&self, sink: Arc<dyn Sink>);

    /// The reply address in use, if there is one at this moment.
    fn reply_address(&self) -> Option<ReplyAddress>;

    /// The reply address, as soon as there is one, or by `deadline`, or until more connection attempts have failed from
    /// now on than `retry` allows.
    fn reply_address_by(
        &self,
        deadline: Option<Instant>,
        retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>>;

    /// What the queue behind `route` looks like, without declaring anything; `None` if it does not exist or cannot
    /// be asked now.
    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>>;

    /// The state of the connection, watchable.
    fn health(&self) -> tokio::sync::watch::Receiver<Health>;

    /// Closes: what is under way ends by `limit`.
    fn close(&self, limit: Duration) -> BoxFuture<'static, ()>;
}
