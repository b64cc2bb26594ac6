//! The memory driver with other capabilities, or with a broker that counts deliveries.

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::NotSentReason;
use oslo_messaging::transport::{
    BoxFuture, Capabilities, Consumer, Delivery, Driver, DriverError, Health, Publish, PublishError,
    QueueState, ReplyAddress, Route, Settled, Sink, Subscription, Transport, TransportOptions,
};
use oslo_messaging::wire::WireFormat;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A memory driver that behaves otherwise.
#[derive(Debug)]
pub(crate) struct Wrapped {
    inner: MemoryDriver,
    capabilities: Capabilities,
    /// Whether deliveries say how often they were made before, as quorum queues do.
    counts: bool,
    /// Whether messages cannot be published again or to the dead letters.
    pub(crate) refuses: AtomicBool,
}

impl Wrapped {
    pub(crate) fn on(broker: &MemoryBroker) -> Self {
        let inner = MemoryDriver::new(broker.clone());
        Self { capabilities: Capabilities::ALL, counts: false, refuses: AtomicBool::new(false), inner }
    }

    pub(crate) fn without(mut self, take: impl FnOnce(&mut Capabilities)) -> Self {
        take(&mut self.capabilities);
        self
    }

    pub(crate) fn counting(self) -> Self {
        Self { counts: true, ..self }
    }

    pub(crate) fn transport(self) -> (Transport, Arc<Self>) {
        let driver = Arc::new(self);
        (Transport::new(driver.clone(), TransportOptions::default()), driver)
    }
}

/// Counts the deliveries of each body.
struct Counter {
    sink: Arc<dyn Sink>,
    counts: Mutex<HashMap<Vec<u8>, u64>>,
}

impl Sink for Counter {
    fn deliver(&self, mut delivery: Delivery) {
        let count = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(delivery.body.clone()).or_default();
            *count += 1;
            *count
        };
        delivery.redeliveries = Some(count - 1);
        self.sink.deliver(delivery);
    }

    fn interrupted(&self) {
        self.sink.interrupted();
    }

    fn connection_lost(&self) {
        self.sink.connection_lost();
    }
}

impl Driver for Wrapped {
    fn name(&self) -> &'static str {
        "wrapped"
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn format(&self) -> &dyn WireFormat {
        self.inner.format()
    }

    fn publish(&self, message: Publish, settled: Settled) {
        let ours = matches!(message.route, Route::Again { .. } | Route::DeadLetters { .. });
        if ours && self.refuses.load(Ordering::SeqCst) {
            return settled(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        self.inner.publish(message, settled);
    }

    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>> {
        let sink = if self.counts { Arc::new(Counter { sink, counts: Mutex::default() }) } else { sink };
        self.inner.subscribe(subscription, sink, deadline)
    }

    fn on_reply(&self, sink: Arc<dyn Sink>) {
        self.inner.on_reply(sink);
    }

    fn reply_address(&self) -> Option<ReplyAddress> {
        self.inner.reply_address()
    }

    fn reply_address_by(
        &self,
        deadline: Option<Instant>,
        retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>> {
        self.inner.reply_address_by(deadline, retry)
    }

    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>> {
        self.inner.inspect(route)
    }

    fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.inner.health()
    }

    fn close(&self, limit: Duration) -> BoxFuture<'static, ()> {
        self.inner.close(limit)
    }
}
