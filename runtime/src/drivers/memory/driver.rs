//! The driver seam on a broker in the process.

use super::address;
use super::broker::MemoryBroker;
use super::consumer::{MemoryAcks, MemoryConsumer};
use super::outlet::Outlet;
use super::state::Outgoing;
use crate::error::NotSentReason;
use crate::transport::Health;
use crate::transport::{
    Acknowledge, BoxFuture, Capabilities, Consumer, Driver, DriverError, Publish, PublishError, QueueState,
    ReplyAddress, Route, Settled, Sink, Subscription,
};
use crate::wire::{Oslo2, WireFormat};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const NAME: &str = "memory";

/// The driver of a [`MemoryBroker`]: one connection to it, so to say. Everything that it has in use ends when it is
/// closed or dropped.
pub struct MemoryDriver {
    broker: MemoryBroker,
    format: Arc<dyn WireFormat>,
    /// Tells the subscriptions of this driver from those of others.
    id: u64,
    closed: AtomicBool,
    replies: Mutex<Replies>,
    /// The ways to what its end has ended, for as long as something is told there. Locked within the broker only.
    ended: Mutex<Vec<Weak<Outlet>>>,
    /// Made once; asked for with each call.
    address: OnceLock<ReplyAddress>,
    health: watch::Sender<Health>,
}

#[derive(Default)]
struct Replies {
    sink: Option<Arc<dyn Sink>>,
}

impl MemoryDriver {
    /// A driver of `broker` that speaks oslo's format, as on RabbitMQ.
    pub fn new(broker: MemoryBroker) -> Self {
        Self::with_format(broker, Arc::new(Oslo2::new()))
    }

    /// A driver of `broker` whose messages look as `format` says.
    pub fn with_format(broker: MemoryBroker, format: Arc<dyn WireFormat>) -> Self {
        let node = format!("memory://{}", broker.name()).into();
        Self {
            id: broker.next_driver(),
            broker,
            format,
            closed: AtomicBool::new(false),
            replies: Mutex::default(),
            ended: Mutex::default(),
            address: OnceLock::new(),
            health: watch::Sender::new(Health::Ready { node }),
        }
    }

    /// The broker.
    pub fn broker(&self) -> &MemoryBroker {
        &self.broker
    }

    /// Cuts everything off that consumes through this driver and lets it come back at once, as a lost connection does:
    /// what is held goes back to its place and is delivered again, marked as redelivered.
    pub fn cut_off(&self) {
        self.broker.operate(|state| {
            let subscribers = state.queues.subscribers_of(self.id);
            state.queues.cut_off(&subscribers);
        });
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn replies(&self) -> MutexGuard<'_, Replies> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reply address; made when it is first asked for, if somebody takes replies.
    fn address(&self) -> Result<ReplyAddress, DriverError> {
        if let Some(address) = self.address.get().filter(|_| !self.is_closed()) {
            return Ok(address.clone());
        }
        let replies = self.replies();
        // Under the lock: a close that comes now finds the subscription.
        if self.is_closed() {
            return Err(DriverError::Closed);
        }
        if let Some(address) = self.address.get() {
            return Ok(address.clone());
        }
        let Some(sink) = replies.sink.clone() else {
            return Err(DriverError::Refused {
                what: "a reply address".to_owned(),
                cause: "nobody takes replies yet; install a sink with `on_reply` first".to_owned(),
            });
        };
        // Nothing is told here, where somebody who is told may come back for the address.
        let (queue, _) =
            self.broker.change(|state| state.subscribe_replies(self.id, sink, acks(&self.broker)));
        let address = self.address.get_or_init(|| ReplyAddress(queue)).clone();
        drop(replies);
        self.broker.operate(|_| ());
        Ok(address)
    }

    /// Ends everything that is in use; gives those who may still be told something, also when it has ended before.
    fn shut(&self) -> Vec<Arc<Outlet>> {
        if !self.closed.swap(true, Ordering::AcqRel) {
            self.health.send_replace(Health::Closed);
        }
        let replies = std::mem::take(&mut *self.replies());
        let outlets = self.broker.operate(|state| {
            let subscribers = state.queues.subscribers_of(self.id);
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.extend(subscribers.iter().map(|subscriber| state.queues.outlet(*subscriber)));
            state.queues.announce_end(&subscribers);
            state.close(&subscribers);
            ended.iter().filter_map(Weak::upgrade).collect()
        });
        // Not while the lock is held: the sink's owner may use this driver when it goes.
        drop(replies);
        outlets
    }
}

fn acks(broker: &MemoryBroker) -> impl FnOnce(u64) -> Arc<dyn Acknowledge> + use<> {
    let broker = broker.clone();
    move |subscriber| Arc::new(MemoryAcks { broker, subscriber })
}

impl Driver for MemoryDriver {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn format(&self) -> &dyn WireFormat {
        &*self.format
    }

    fn publish(&self, message: Publish, settled: Settled) {
        if self.is_closed() {
            return settled(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        let outgoing = Outgoing::from(message);
        self.broker.operate(|state| state.publish(outgoing, settled));
    }

    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        _deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>> {
        let made = self.try_subscribe(&subscription, sink);
        Box::pin(async move { made.map(|consumer| Box::new(consumer) as Box<dyn Consumer>) })
    }

    fn on_reply(&self, sink: Arc<dyn Sink>) {
        self.replies().sink = Some(sink);
    }

    fn reply_address(&self) -> Option<ReplyAddress> {
        self.address().ok()
    }

    fn reply_address_by(
        &self,
        _deadline: Option<Instant>,
        _retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>> {
        let address = self.address();
        Box::pin(async move { address })
    }

    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>> {
        let state = match address::queue(route) {
            Some(queue) if !self.is_closed() => self.broker.queue(&queue),
            _ => None,
        };
        Box::pin(async move { state })
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    fn close(&self, _limit: Duration) -> BoxFuture<'static, ()> {
        // Nothing here waits for anything outside the process, so the limit is never used up.
        let outlets = self.shut();
        let broker = self.broker.clone();
        Box::pin(async move { broker.told(outlets).await })
    }
}

impl MemoryDriver {
    fn try_subscribe(
        &self,
        subscription: &Subscription,
        sink: Arc<dyn Sink>,
    ) -> Result<MemoryConsumer, DriverError> {
        if self.is_closed() {
            return Err(DriverError::Closed);
        }
        if subscription.routes.iter().any(|route| matches!(route, Route::Reply { .. })) {
            return Err(DriverError::Unsupported {
                driver: NAME,
                capability: "subscription to a reply address",
            });
        }
        let (subscriber, outlet) = self.broker.operate(|state| {
            // Looked at under the broker's lock: a close that comes now finds the subscription.
            if self.is_closed() {
                return Err(DriverError::Closed);
            }
            let subscriber = state.subscribe(self.id, subscription, sink, acks(&self.broker))?;
            Ok((subscriber, state.queues.outlet(subscriber)))
        })?;
        tracing::info!(broker = self.broker.name(), label = subscription.label, "consuming");
        Ok(MemoryConsumer::new(self.broker.clone(), subscriber, outlet))
    }
}

impl Drop for MemoryDriver {
    fn drop(&mut self) {
        self.shut();
    }
}

impl fmt::Debug for MemoryDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDriver")
            .field("broker", &self.broker)
            .field("closed", &self.is_closed())
            .finish()
    }
}
