//! A subscription as its user holds it: cancelling, closing, acknowledging.

use super::broker::MemoryBroker;
use super::outlet::Outlet;
use crate::transport::{Acknowledge, BoxFuture, Consumer};
use std::sync::Weak;

/// A running subscription.
#[derive(Debug)]
pub(super) struct MemoryConsumer {
    broker: MemoryBroker,
    subscriber: u64,
    /// It is there as long as it may be told something, also when its driver has closed; its sink is not kept by this.
    outlet: Weak<Outlet>,
}

impl MemoryConsumer {
    pub(super) fn new(broker: MemoryBroker, subscriber: u64, outlet: Weak<Outlet>) -> Self {
        Self { broker, subscriber, outlet }
    }

    /// Resolves when nothing is told any more of what came before.
    async fn told(&self) {
        self.broker.told(self.outlet.upgrade().into_iter().collect()).await;
    }
}

impl Consumer for MemoryConsumer {
    fn cancel(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.broker.operate(|state| state.queues.cancel(self.subscriber));
            self.told().await;
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.broker.operate(|state| state.close(&[self.subscriber]));
            self.told().await;
        })
    }
}

impl Drop for MemoryConsumer {
    fn drop(&mut self) {
        self.broker.operate(|state| state.close(&[self.subscriber]));
    }
}

/// The acknowledgements of a subscription.
#[derive(Debug)]
pub(super) struct MemoryAcks {
    pub(super) broker: MemoryBroker,
    pub(super) subscriber: u64,
}

impl Acknowledge for MemoryAcks {
    fn ack(&self, token: u64) -> bool {
        self.broker.operate(|state| state.queues.settle(self.subscriber, token, false))
    }

    fn reject(&self, token: u64, requeue: bool) {
        self.broker.operate(|state| {
            state.queues.settle(self.subscriber, token, requeue);
        });
    }
}
