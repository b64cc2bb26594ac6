//! Collects deliveries to batches, which close when they are full or late.

use crate::serving::after;
use crate::transport::Delivery;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::config::Batching;

/// The batch that is being filled.
#[derive(Debug)]
pub(super) struct Collector {
    size: usize,
    timeout: Duration,
    batch: Mutex<Batch>,
    /// Told when a batch gets its first message.
    begun: Notify,
}

#[derive(Debug, Default)]
struct Batch {
    deliveries: Vec<Delivery>,
    /// When the first came.
    since: Option<Instant>,
}

impl Batch {
    fn take(&mut self) -> Vec<Delivery> {
        std::mem::take(self).deliveries
    }
}

impl Collector {
    pub(super) fn new(batching: Batching) -> Self {
        Self { size: batching.size, timeout: batching.timeout, batch: Mutex::default(), begun: Notify::new() }
    }

    /// Adds a delivery; gives the batch if that fills it.
    pub(super) fn add(&self, delivery: Delivery) -> Option<Vec<Delivery>> {
        let mut batch = self.batch();
        batch.deliveries.push(delivery);
        if batch.deliveries.len() >= self.size {
            return Some(batch.take());
        }
        if batch.since.is_none() {
            batch.since = Some(Instant::now());
            self.begun.notify_one();
        }
        None
    }

    /// Waits until a batch is late; gives what it has.
    pub(super) async fn late(&self) -> Vec<Delivery> {
        loop {
            let since = self.batch().since;
            let begun = self.begun.notified();
            let Some(since) = since else {
                begun.await;
                continue;
            };
            // The next batch begins only when this one has closed: then its time counts.
            if timeout_at(after(since, self.timeout), begun).await.is_ok() {
                continue;
            }
            let mut batch = self.batch();
            if batch.since == Some(since) {
                return batch.take();
            }
        }
    }

    /// What has been collected.
    pub(super) fn take(&self) -> Vec<Delivery> {
        self.batch().take()
    }

    pub(super) fn len(&self) -> usize {
        self.batch().deliveries.len()
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
