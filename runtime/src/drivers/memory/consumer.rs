//! A subscription as its user holds it: cancelling, closing, acknowledging.

use super::broker::MemoryBroker;
use crate::transport::{Acknowledge, BoxFuture, Consumer};

/// A running subscription.
#[derive(Debug)]
pub(super) struct MemoryConsumer {
    broker: MemoryBroker,
    subscriber: u64,
}

impl MemoryConsumer {
    pub(super) fn new(broker: MemoryBroker, subscriber: u64) -> Self {
        Self { broker, subscriber }
    }
}

impl Consumer for MemoryConsumer {
    fn cancel(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let outlets = self.broker.operate(|state| {
                state.queues.cancel(self.subscriber);
                state.queues.outlets(&[self.subscriber])
            });
            self.broker.told(outlets).await;
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let outlets = self.broker.operate(|state| {
                let outlets = state.queues.outlets(&[self.subscriber]);
                state.close(&[self.subscriber]);
                outlets
            });
            self.broker.told(outlets).await;
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
