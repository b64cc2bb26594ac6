//! A driver on the broker in the process whose connection and whose words about requests a test makes up.

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::transport::{
    BoxFuture, Capabilities, Confirmed, Consumer, Driver, DriverError, Health, Publish, PublishError,
    QueueState, ReplyAddress, Route, Settled, Sink, Subscription, Transport, TransportOptions,
};
use oslo_messaging::wire::WireFormat;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// What becomes of one request or reply.
pub(crate) enum Fate {
    /// It is sent, and the driver says this of it.
    Sent(Result<(), PublishError>),
    /// It is not sent, and the driver says this of it.
    Kept(PublishError),
    /// It is sent; the driver's word comes when the test gives it with [`Double::settle_held`].
    Held,
}

/// The driver. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Double(Arc<Shared>);

struct Shared {
    inner: MemoryDriver,
    health: watch::Sender<Health>,
    fates: Mutex<VecDeque<Fate>>,
    held: Mutex<Vec<Settled>>,
    /// How long the broker takes to look at a queue.
    inspection: Mutex<Duration>,
    inspections: AtomicUsize,
    /// How long the broker takes for its good-bye.
    good_bye: Mutex<Duration>,
    /// Whether the driver's word about replies is held too.
    holds_replies: Mutex<bool>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Double").finish_non_exhaustive()
    }
}

pub(crate) fn ready() -> Health {
    Health::Ready { node: "double:0".into() }
}

pub(crate) fn reconnecting() -> Health {
    Health::Reconnecting { since: Instant::now(), attempts: 1, last: None }
}

pub(crate) fn refused() -> PublishError {
    PublishError::Refused { cause: "the queue is full".to_owned(), node: None }
}

impl Double {
    pub(crate) fn on(broker: &MemoryBroker) -> Self {
        Self(Arc::new(Shared {
            inner: MemoryDriver::new(broker.clone()),
            health: watch::Sender::new(ready()),
            fates: Mutex::default(),
            held: Mutex::default(),
            inspection: Mutex::default(),
            inspections: AtomicUsize::new(0),
            good_bye: Mutex::default(),
            holds_replies: Mutex::default(),
        }))
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::new(Arc::new(self.clone()), TransportOptions::default())
    }

    /// The next requests' fates, in their order; later ones are sent as ever.
    pub(crate) fn requests(&self, fates: impl IntoIterator<Item = Fate>) {
        self.0.fates.lock().unwrap().extend(fates);
    }

    pub(crate) fn set_health(&self, health: Health) {
        self.0.health.send_replace(health);
    }

    /// Gives the driver's word about all that is held.
    pub(crate) fn settle_held(&self) {
        for settled in std::mem::take(&mut *self.0.held.lock().unwrap()) {
            settled(Ok(Confirmed { node: None }));
        }
    }

    /// Gives the broker's refusal of all that is held.
    pub(crate) fn refuse_held(&self) {
        for settled in std::mem::take(&mut *self.0.held.lock().unwrap()) {
            settled(Err(refused()));
        }
    }

    /// How much the driver owes its word about.
    pub(crate) fn held(&self) -> usize {
        self.0.held.lock().unwrap().len()
    }

    /// From now on the broker's word about replies is held; they are sent.
    pub(crate) fn hold_replies(&self, hold: bool) {
        *self.0.holds_replies.lock().unwrap() = hold;
    }

    pub(crate) fn take_for_an_inspection(&self, time: Duration) {
        *self.0.inspection.lock().unwrap() = time;
    }

    pub(crate) fn take_for_the_good_bye(&self, time: Duration) {
        *self.0.good_bye.lock().unwrap() = time;
    }

    pub(crate) fn inspections(&self) -> usize {
        self.0.inspections.load(Ordering::SeqCst)
    }

    fn fate(&self, route: &Route) -> Fate {
        if !matches!(route, Route::Reply { .. }) {
            return self.0.fates.lock().unwrap().pop_front().unwrap_or(Fate::Sent(Ok(())));
        }
        if *self.0.holds_replies.lock().unwrap() { Fate::Held } else { Fate::Sent(Ok(())) }
    }
}

impl Driver for Double {
    fn name(&self) -> &'static str {
        "double"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn format(&self) -> &dyn WireFormat {
        self.0.inner.format()
    }

    fn publish(&self, message: Publish, settled: Settled) {
        match self.fate(&message.route) {
            Fate::Sent(Ok(())) => self.0.inner.publish(message, settled),
            Fate::Sent(Err(error)) => self.0.inner.publish(message, Box::new(move |_| settled(Err(error)))),
            Fate::Kept(error) => settled(Err(error)),
            Fate::Held => {
                self.0.held.lock().unwrap().push(settled);
                self.0.inner.publish(message, Box::new(|_| {}));
            }
        }
    }

    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>> {
        self.0.inner.subscribe(subscription, sink, deadline)
    }

    fn on_reply(&self, sink: Arc<dyn Sink>) {
        self.0.inner.on_reply(sink);
    }

    fn reply_address(&self) -> Option<ReplyAddress> {
        self.0.inner.reply_address()
    }

    fn reply_address_by(
        &self,
        deadline: Option<Instant>,
        retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>> {
        self.0.inner.reply_address_by(deadline, retry)
    }

    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>> {
        self.0.inspections.fetch_add(1, Ordering::SeqCst);
        let (found, time) = (self.0.inner.inspect(route), *self.0.inspection.lock().unwrap());
        Box::pin(async move {
            tokio::time::sleep(time).await;
            found.await
        })
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.0.health.subscribe()
    }

    fn close(&self, limit: Duration) -> BoxFuture<'static, ()> {
        let (closed, time) = (self.0.inner.close(limit), *self.0.good_bye.lock().unwrap());
        Box::pin(async move {
            tokio::time::sleep(time).await;
            closed.await;
        })
    }
}
