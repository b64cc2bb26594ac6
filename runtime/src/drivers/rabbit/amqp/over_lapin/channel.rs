//! One channel: declarations, consumers, publishing, acknowledgements.

use super::convert;
use crate::drivers::rabbit::amqp::{AmqpError, ExchangeSpec, Message, QueueSpec, Received};
use crate::transport::{Acknowledge, QueueState};
use futures_util::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    BasicRejectOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Confirmation, ExchangeKind};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// A channel of a connection. Cheap to clone.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Channel {
    inner: Arc<Inner>,
}

struct Inner {
    lapin: lapin::Channel,
    /// Deliveries that are not settled yet, with the tags of their consumers.
    held: Mutex<BTreeMap<u64, u32>>,
}

impl Inner {
    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, u32>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel that does not live longer for being known.
pub(in crate::drivers::rabbit) struct WeakChannel(Weak<Inner>);

impl WeakChannel {
    pub(super) fn is_used(&self) -> bool {
        self.0.strong_count() > 0
    }

    pub(in crate::drivers::rabbit::amqp) fn upgrade(&self) -> Option<Channel> {
        self.0.upgrade().map(|inner| Channel { inner })
    }
}

/// The broker's word, unless the frames have not all been written.
pub(super) type Published = lapin::Result<lapin::Result<Confirmation>>;

/// A publish whose frames are queued: resolves with what became of it, and gives the message back.
pub(super) type Publishing = Pin<Box<dyn Future<Output = (Published, Message)> + Send>>;

impl Channel {
    pub(super) fn new(lapin: lapin::Channel) -> Self {
        Self { inner: Arc::new(Inner { lapin, held: Mutex::default() }) }
    }

    pub(in crate::drivers::rabbit::amqp) fn downgrade(&self) -> WeakChannel {
        WeakChannel(Arc::downgrade(&self.inner))
    }

    /// Whether it can still be used.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        self.inner.lapin.status().connected()
    }

    pub(in crate::drivers::rabbit) async fn declare_exchange(
        &self,
        spec: &ExchangeSpec,
    ) -> Result<(), AmqpError> {
        let kind = if spec.fanout { ExchangeKind::Fanout } else { ExchangeKind::Topic };
        let options = ExchangeDeclareOptions {
            durable: spec.durable,
            auto_delete: spec.auto_delete,
            ..Default::default()
        };
        self.inner
            .lapin
            .exchange_declare(convert::short(&spec.name)?, kind, options, FieldTable::default())
            .await
            .map_err(|e| convert::error(&e))
    }

    pub(in crate::drivers::rabbit) async fn declare_queue(&self, spec: &QueueSpec) -> Result<(), AmqpError> {
        let options = QueueDeclareOptions {
            durable: spec.durable,
            auto_delete: spec.auto_delete,
            ..Default::default()
        };
        let mut arguments = FieldTable::default();
        if let Some(expires) = spec.expires {
            arguments.insert("x-expires".into(), AMQPValue::LongInt(expires));
        }
        let declared = self.inner.lapin.queue_declare(convert::short(&spec.name)?, options, arguments).await;
        declared.map(drop).map_err(|e| convert::error(&e))
    }

    pub(in crate::drivers::rabbit) async fn bind(
        &self,
        queue: &str,
        exchange: &str,
        key: &str,
    ) -> Result<(), AmqpError> {
        self.inner
            .lapin
            .queue_bind(
                convert::short(queue)?,
                convert::short(exchange)?,
                convert::short(key)?,
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(|e| convert::error(&e))
    }

    /// What a queue looks like. A missing queue is an error that closes this channel: use one of its own.
    pub(in crate::drivers::rabbit) async fn inspect(&self, queue: &str) -> Result<QueueState, AmqpError> {
        let options = QueueDeclareOptions { passive: true, ..Default::default() };
        let queue =
            self.inner.lapin.queue_declare(convert::short(queue)?, options, FieldTable::default()).await;
        let queue = queue.map_err(|e| convert::error(&e))?;
        Ok(QueueState { messages: queue.message_count(), consumers: queue.consumer_count() })
    }

    pub(in crate::drivers::rabbit) async fn delete_queue(&self, queue: &str) -> Result<(), AmqpError> {
        let deleted =
            self.inner.lapin.queue_delete(convert::short(queue)?, QueueDeleteOptions::default()).await;
        deleted.map(drop).map_err(|e| convert::error(&e))
    }

    /// Most unacknowledged deliveries for each consumer started from now on.
    pub(in crate::drivers::rabbit) async fn prefetch(&self, count: u16) -> Result<(), AmqpError> {
        self.inner.lapin.basic_qos(count, BasicQosOptions::default()).await.map_err(|e| convert::error(&e))
    }

    /// Consumes `queue`; every message goes to `take`, in order, until the consumer ends: `None` when it was
    /// cancelled (by us, or by the broker because the queue is gone), else the error.
    pub(in crate::drivers::rabbit) async fn consume(
        &self,
        queue: &str,
        tag: u32,
        mut take: impl FnMut(Received) + Send + 'static,
    ) -> Result<impl Future<Output = Option<AmqpError>> + Send + 'static, AmqpError> {
        let consumer = self.inner.lapin.basic_consume(
            convert::short(queue)?,
            convert::short(&tag.to_string())?,
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let mut consumer = consumer.await.map_err(|e| convert::error(&e))?;
        // It is not for the consumer to keep the channel open.
        let channel = self.downgrade();
        Ok(async move {
            while let Some(delivery) = consumer.next().await {
                match delivery {
                    Ok(delivery) => {
                        if let Some(channel) = channel.upgrade() {
                            channel.inner.held().insert(delivery.delivery_tag, tag);
                        }
                        take(Received {
                            tag: delivery.delivery_tag,
                            redelivered: delivery.redelivered,
                            properties: convert::from_lapin(&delivery.properties),
                            body: delivery.data,
                        });
                    }
                    Err(error) => return Some(convert::error(&error)),
                }
            }
            None
        })
    }

    /// Ends a consumer; resolves when the broker will send it nothing more.
    pub(in crate::drivers::rabbit) async fn cancel(&self, tag: u32) -> Result<(), AmqpError> {
        self.inner
            .lapin
            .basic_cancel(convert::short(&tag.to_string())?, BasicCancelOptions::default())
            .await
            .map_err(|e| convert::error(&e))
    }

    /// Gives back to its queue what a consumer has taken and not acknowledged; that can be acknowledged no more.
    pub(in crate::drivers::rabbit) fn give_back(&self, tag: u32) {
        let back = {
            let mut held = self.inner.held();
            let back: Vec<u64> = held.iter().filter(|(_, of)| **of == tag).map(|(held, _)| *held).collect();
            held.retain(|_, of| *of != tag);
            back
        };
        back.into_iter().for_each(|held| self.reject(held, true));
    }

    fn reject(&self, delivery: u64, requeue: bool) {
        // Queued by the first poll, unless the channel is gone; nobody waits for the write.
        let _ = self.inner.lapin.basic_reject(delivery, BasicRejectOptions { requeue }).now_or_never();
    }

    pub(in crate::drivers::rabbit) async fn close(&self) {
        // A channel that is already gone needs no good-bye.
        let _ = self.inner.lapin.close(200, "OK".into()).await;
    }

    pub(in crate::drivers::rabbit) async fn confirm_mode(&self) -> Result<(), AmqpError> {
        self.inner.lapin.confirm_select(ConfirmSelectOptions::default()).await.map_err(|e| convert::error(&e))
    }

    /// Queues a message's frames, in the order of calls; what is returned has been polled once. `exchange` and `key` are
    /// the message's. Gives the message back where lapin has not queued it.
    pub(super) fn publish(
        &self,
        message: Message,
        exchange: ShortString,
        key: ShortString,
    ) -> Result<Publishing, Box<(AmqpError, Message)>> {
        let channel = Arc::clone(&self.inner);
        let mut publishing: Publishing = Box::pin(async move {
            let options = BasicPublishOptions { mandatory: message.mandatory, ..Default::default() };
            let properties = convert::to_lapin(&message.properties);
            let queued = channel.lapin.basic_publish(exchange, key, options, &message.body, properties).await;
            match queued {
                Ok(confirmation) => (Ok(confirmation.await), message),
                Err(error) => (Err(error), message),
            }
        });
        // The first poll hands the frames to the connection's writer; the rest of the future waits for the broker.
        match publishing.as_mut().now_or_never() {
            Some((Err(error), message)) => Err(Box::new((convert::error(&error), message))),
            Some(done) => Ok(Box::pin(std::future::ready(done))),
            None => Ok(publishing),
        }
    }

    /// Returns when lapin has dealt with every confirmation of the frame that it is at.
    ///
    /// lapin settles the publishes that one `multiple` confirmation names in no particular order, under one lock, and
    /// hands a returned message to whichever comes first. This call takes that lock and lets it go.
    pub(super) fn settle_barrier(&self) {
        let _ = self.inner.lapin.wait_for_confirms().now_or_never();
    }
}

/// Acknowledges on one incarnation of a channel: after it is gone, its tags mean nothing and are ignored.
pub(in crate::drivers::rabbit) struct ChannelAcks(pub(in crate::drivers::rabbit) Channel);

impl Acknowledge for ChannelAcks {
    fn ack(&self, token: u64) -> bool {
        let held = self.0.inner.held().remove(&token).is_some();
        // Queued by the first poll, unless the channel is gone; nobody waits for the write.
        let ack = || self.0.inner.lapin.basic_ack(token, BasicAckOptions::default()).now_or_never();
        held && !matches!(ack(), Some(Err(_)))
    }

    fn reject(&self, token: u64, requeue: bool) {
        if self.0.inner.held().remove(&token).is_some() {
            self.0.reject(token, requeue);
        }
    }
}
