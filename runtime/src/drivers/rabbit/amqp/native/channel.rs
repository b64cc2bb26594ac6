//! One channel: declarations, consumers, publishing, acknowledgements.

use super::super::{AmqpError, Assurance, ExchangeSpec, Message, OnOutcome, QueueSpec, Received, Scope};
use super::channel_state::{Answer, Life, Remains, Taker};
use super::codec;
use super::core::Core;
use super::window::{Unconfirmed, Window};
use crate::transport::{Acknowledge, QueueState};
use crate::wire::WireFormat;
use amq_protocol::protocol::{AMQPClass, basic, confirm, exchange, queue};
use amq_protocol::types::{AMQPValue, FieldTable, ShortString};
use std::future::Future;
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// A channel of a connection. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Channel {
    inner: Arc<Inner>,
}

struct Inner {
    core: Arc<Core>,
    id: u16,
    life: Arc<Life>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !self.life.is_over() {
            // Nobody is left to wait for the answer.
            self.core.with(|state| drop(state.close_channel(self.id, &self.life)));
        }
    }
}

/// A channel that does not live longer for being known.
pub(in crate::drivers::rabbit) struct WeakChannel(Weak<Inner>);

impl WeakChannel {
    pub(in crate::drivers::rabbit::amqp) fn upgrade(&self) -> Option<Channel> {
        self.0.upgrade().map(|inner| Channel { inner })
    }
}

impl Channel {
    pub(in crate::drivers::rabbit::amqp) fn downgrade(&self) -> WeakChannel {
        WeakChannel(Arc::downgrade(&self.inner))
    }

    pub(super) async fn open(core: Arc<Core>) -> Result<Self, AmqpError> {
        let (id, life, opened) = core.open_channel()?;
        let channel = Self { inner: Arc::new(Inner { core, id, life }) };
        answer(opened).await?;
        Ok(channel)
    }

    /// Whether it can still be used.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        !self.inner.life.is_over()
    }

    pub(in crate::drivers::rabbit) async fn declare_exchange(
        &self,
        spec: &ExchangeSpec,
    ) -> Result<(), AmqpError> {
        let kind = if spec.fanout { "fanout" } else { "topic" };
        let declare = exchange::Declare {
            exchange: short(&spec.name)?,
            kind: short(kind)?,
            passive: false,
            durable: spec.durable,
            auto_delete: spec.auto_delete,
            internal: false,
            nowait: false,
            arguments: FieldTable::default(),
        };
        self.ask(AMQPClass::Exchange(exchange::AMQPMethod::Declare(declare))).await.map(drop)
    }

    pub(in crate::drivers::rabbit) async fn declare_queue(&self, spec: &QueueSpec) -> Result<(), AmqpError> {
        let mut arguments = FieldTable::default();
        if let Some(expires) = spec.expires {
            arguments.insert("x-expires".into(), AMQPValue::LongInt(expires));
        }
        let declare = queue::Declare {
            queue: short(&spec.name)?,
            passive: false,
            durable: spec.durable,
            exclusive: false,
            auto_delete: spec.auto_delete,
            nowait: false,
            arguments,
        };
        self.ask(AMQPClass::Queue(queue::AMQPMethod::Declare(declare))).await.map(drop)
    }

    pub(in crate::drivers::rabbit) async fn bind(
        &self,
        queue: &str,
        exchange: &str,
        key: &str,
    ) -> Result<(), AmqpError> {
        let bind = queue::Bind {
            queue: short(queue)?,
            exchange: short(exchange)?,
            routing_key: short(key)?,
            nowait: false,
            arguments: FieldTable::default(),
        };
        self.ask(AMQPClass::Queue(queue::AMQPMethod::Bind(bind))).await.map(drop)
    }

    /// What a queue looks like. A missing queue is an error that closes this channel: use one of its own.
    pub(in crate::drivers::rabbit) async fn inspect(&self, queue: &str) -> Result<QueueState, AmqpError> {
        let declare = queue::Declare { queue: short(queue)?, passive: true, ..Default::default() };
        match self.ask(AMQPClass::Queue(queue::AMQPMethod::Declare(declare))).await? {
            AMQPClass::Queue(queue::AMQPMethod::DeclareOk(queue)) => {
                Ok(QueueState { messages: queue.message_count, consumers: queue.consumer_count })
            }
            other => Err(codec::malformed(format!("{other:?} for a queue.declare"))),
        }
    }

    pub(in crate::drivers::rabbit) async fn delete_queue(&self, queue: &str) -> Result<(), AmqpError> {
        let delete = queue::Delete { queue: short(queue)?, ..Default::default() };
        self.ask(AMQPClass::Queue(queue::AMQPMethod::Delete(delete))).await.map(drop)
    }

    /// Most unacknowledged deliveries for each consumer started from now on.
    pub(in crate::drivers::rabbit) async fn prefetch(&self, count: u16) -> Result<(), AmqpError> {
        let qos = basic::Qos { prefetch_count: count, global: false };
        self.ask(AMQPClass::Basic(basic::AMQPMethod::Qos(qos))).await?;
        let Inner { core, id, life } = &*self.inner;
        core.lock().channel(*id, life)?.limit_prefetch(count);
        Ok(())
    }

    /// Consumes `queue`; every message goes to `take`, in order and on the I/O task, until the consumer ends: `None` when
    /// it was cancelled (by us, or by the broker because the queue is gone), else the error. Dropping the future ends it too:
    /// what has not been taken by then goes back to the queue.
    pub(in crate::drivers::rabbit) async fn consume(
        &self,
        queue: &str,
        tag: u32,
        take: impl FnMut(Received) + Send + 'static,
    ) -> Result<impl Future<Output = Option<AmqpError>> + Send + 'static, AmqpError> {
        let consumer_tag = tag.to_string().into();
        let consume = basic::Consume { queue: short(queue)?, consumer_tag, ..Default::default() };
        // Held here too, so that it is never dropped under the lock.
        let taker = Taker::new(tag, take);
        let (ended, wait) = oneshot::channel();
        let Inner { core, id, life } = &*self.inner;
        let asked = core.with(|state| {
            let asked = state.ask(*id, life, AMQPClass::Basic(basic::AMQPMethod::Consume(consume)))?;
            // In its place before the broker knows of it: the first delivery may come with the answer.
            state.channel(*id, life)?.add_consumer(Arc::clone(&taker), ended);
            Ok(asked)
        })?;
        let consumer = Consuming { core: Arc::clone(core), id: *id, tag, taker: Arc::downgrade(&taker) };
        answer(asked).await?;
        Ok(async move {
            let _consumer = consumer;
            wait.await.unwrap_or_default()
        })
    }

    /// Ends a consumer; resolves when the broker will send it nothing more.
    pub(in crate::drivers::rabbit) async fn cancel(&self, tag: u32) -> Result<(), AmqpError> {
        let cancel = basic::Cancel { consumer_tag: tag.to_string().into(), nowait: false };
        self.ask(AMQPClass::Basic(basic::AMQPMethod::Cancel(cancel))).await.map(drop)
    }

    /// Gives back to its queue what a consumer has taken and not acknowledged; that can be acknowledged no more.
    pub(in crate::drivers::rabbit) fn give_back(&self, tag: u32) {
        let Inner { core, id, life } = &*self.inner;
        core.with(|state| state.give_back(*id, life, tag));
    }

    pub(in crate::drivers::rabbit) async fn close(&self) {
        let Inner { core, id, life } = &*self.inner;
        // A channel that is already gone needs no good-bye.
        if let Some(closed) = core.with(|state| state.close_channel(*id, life)) {
            let _ = closed.await;
        }
    }

    /// From now on the broker confirms what is published, and `format` finds the ids of what it returns.
    pub(super) async fn confirm_mode(&self, format: Arc<dyn WireFormat>) -> Result<(), AmqpError> {
        let select = confirm::Select { nowait: false };
        self.ask(AMQPClass::Confirm(confirm::AMQPMethod::Select(select))).await?;
        let Inner { core, id, life } = &*self.inner;
        core.lock().channel(*id, life)?.set_window(Window::new(
            format,
            Assurance::Confirmed,
            Arc::clone(&core.traffic),
        ));
        Ok(())
    }

    /// From now on the broker is asked whether it has routed what is published, and `format` finds the ids of what it
    /// returns.
    pub(super) fn routed_mode(&self, format: Arc<dyn WireFormat>) -> Result<(), AmqpError> {
        let Inner { core, id, life } = &*self.inner;
        core.lock().channel(*id, life)?.set_window(Window::new(
            format,
            Assurance::Routed,
            Arc::clone(&core.traffic),
        ));
        Ok(())
    }

    /// Publishes on a channel that says what became of messages; returns at once. Messages leave in the order of calls.
    pub(super) fn publish(&self, message: Message, on_outcome: OnOutcome) {
        let Inner { core, id, life } = &*self.inner;
        let unconfirmed = Unconfirmed { message, on_outcome };
        let refused = core.with(|state| state.publish(*id, life, core.frame_max, unconfirmed));
        if let Some((outcome, unconfirmed)) = refused {
            unconfirmed.tell(outcome);
        }
    }

    async fn ask(&self, class: AMQPClass) -> Answer {
        let Inner { core, id, life } = &*self.inner;
        let asked = core.with(|state| state.ask(*id, life, class))?;
        answer(asked).await
    }
}

/// Gives the consumer up when nobody waits for its end any more, unless it has ended.
struct Consuming {
    core: Arc<Core>,
    id: u16,
    tag: u32,
    taker: Weak<Taker>,
}

impl Drop for Consuming {
    fn drop(&mut self) {
        let Self { core, id, tag, taker } = self;
        let mut remains = Remains::default();
        core.with(|state| state.give_up_consumer(*id, *tag, taker, None, &mut remains));
        remains.tell();
    }
}

/// Acknowledges on one incarnation of a channel: after it is gone, its tags mean nothing and are ignored.
pub(in crate::drivers::rabbit) struct ChannelAcks(pub(in crate::drivers::rabbit) Channel);

impl Acknowledge for ChannelAcks {
    fn ack(&self, token: u64) -> bool {
        let Inner { core, id, life } = &*self.0.inner;
        core.with(|state| state.ack(*id, life, token))
    }

    fn reject(&self, token: u64, requeue: bool) {
        let Inner { core, id, life } = &*self.0.inner;
        core.with(|state| {
            if state.settle(*id, life, token) {
                state.reject(*id, token, requeue);
            }
        });
    }
}

async fn answer(asked: oneshot::Receiver<Answer>) -> Answer {
    // The sender lives in the channel's state until it is used.
    asked.await.unwrap_or_else(|_| {
        let text = "the connection is gone".to_owned();
        Err(AmqpError { code: None, scope: Scope::Connection, text })
    })
}

fn short(text: &str) -> Result<ShortString, AmqpError> {
    ShortString::try_new(text).map_err(|_| {
        let text = format!("a name is longer than {} bytes: {text:?}", codec::SHORT);
        AmqpError { code: None, scope: Scope::Channel, text }
    })
}
