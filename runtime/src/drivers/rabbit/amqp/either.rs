//! One connection or the other, chosen when it is opened.

use super::{
    AmqpError, Assurance, Event, ExchangeSpec, Message, Node, OnOutcome, QueueSpec, Received, native,
    over_lapin,
};
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::{Acknowledge, ConnectFailure, QueueState};
use crate::wire::WireFormat;
use futures_util::future::Either;
use std::future::Future;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Which implementation of AMQP 0-9-1 a transport's connections use. They do the same on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectionKind {
    /// Our own, on the driver's runtime: no further thread, acknowledgements that come together go out in one frame.
    #[default]
    Native,
    /// lapin's, with a thread for each connection.
    Lapin,
}

/// One connection to one node. Dropping it closes it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) enum Connection {
    Native(native::Connection),
    Lapin(over_lapin::Connection),
}

impl Connection {
    /// Logs in to `node`; a `heartbeat` of 0 seconds is none. Events go to the returned receiver from then on. lapin
    /// has threads of its own, and does not tell of its traffic.
    pub(in crate::drivers::rabbit) async fn open(
        kind: ConnectionKind,
        node: &Node,
        name: &str,
        heartbeat: u16,
        surroundings: Surroundings,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>), ConnectFailure> {
        match kind {
            ConnectionKind::Native => {
                let (connection, events) =
                    native::Connection::open(node, name, heartbeat, surroundings).await?;
                Ok((Self::Native(connection), events))
            }
            ConnectionKind::Lapin => {
                let (connection, events) = over_lapin::Connection::open(node, name, heartbeat).await?;
                Ok((Self::Lapin(connection), events))
            }
        }
    }

    /// A new channel.
    pub(in crate::drivers::rabbit) async fn channel(&self) -> Result<Channel, AmqpError> {
        match self {
            Self::Native(connection) => connection.channel().await.map(Channel::Native),
            Self::Lapin(connection) => connection.channel().await.map(Channel::Lapin),
        }
    }

    /// Says good-bye to the broker.
    pub(in crate::drivers::rabbit) async fn close(&self) {
        match self {
            Self::Native(connection) => connection.close().await,
            Self::Lapin(connection) => connection.close().await,
        }
    }
}

/// A channel of a connection. Cheap to clone; the last clone to go closes it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) enum Channel {
    Native(native::Channel),
    Lapin(over_lapin::Channel),
}

impl Channel {
    /// Whether it can still be used.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        match self {
            Self::Native(channel) => channel.is_open(),
            Self::Lapin(channel) => channel.is_open(),
        }
    }

    pub(in crate::drivers::rabbit) async fn declare_exchange(
        &self,
        spec: &ExchangeSpec,
    ) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.declare_exchange(spec).await,
            Self::Lapin(channel) => channel.declare_exchange(spec).await,
        }
    }

    pub(in crate::drivers::rabbit) async fn declare_queue(&self, spec: &QueueSpec) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.declare_queue(spec).await,
            Self::Lapin(channel) => channel.declare_queue(spec).await,
        }
    }

    pub(in crate::drivers::rabbit) async fn bind(
        &self,
        queue: &str,
        exchange: &str,
        key: &str,
    ) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.bind(queue, exchange, key).await,
            Self::Lapin(channel) => channel.bind(queue, exchange, key).await,
        }
    }

    /// What a queue looks like. A missing queue is an error that closes this channel: use one of its own.
    pub(in crate::drivers::rabbit) async fn inspect(&self, queue: &str) -> Result<QueueState, AmqpError> {
        match self {
            Self::Native(channel) => channel.inspect(queue).await,
            Self::Lapin(channel) => channel.inspect(queue).await,
        }
    }

    pub(in crate::drivers::rabbit) async fn delete_queue(&self, queue: &str) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.delete_queue(queue).await,
            Self::Lapin(channel) => channel.delete_queue(queue).await,
        }
    }

    /// Most unacknowledged deliveries for each consumer started from now on.
    pub(in crate::drivers::rabbit) async fn prefetch(&self, count: u16) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.prefetch(count).await,
            Self::Lapin(channel) => channel.prefetch(count).await,
        }
    }

    /// Consumes `queue`; every message goes to `take`, in order, until the consumer ends: `None` when it was
    /// cancelled (by us, or by the broker because the queue is gone), else the error.
    pub(in crate::drivers::rabbit) async fn consume(
        &self,
        queue: &str,
        tag: u32,
        take: impl FnMut(Received) + Send + 'static,
    ) -> Result<impl Future<Output = Option<AmqpError>> + Send + 'static, AmqpError> {
        Ok(match self {
            Self::Native(channel) => Either::Left(channel.consume(queue, tag, take).await?),
            Self::Lapin(channel) => Either::Right(channel.consume(queue, tag, take).await?),
        })
    }

    /// Ends a consumer; resolves when the broker will send it nothing more.
    pub(in crate::drivers::rabbit) async fn cancel(&self, tag: u32) -> Result<(), AmqpError> {
        match self {
            Self::Native(channel) => channel.cancel(tag).await,
            Self::Lapin(channel) => channel.cancel(tag).await,
        }
    }

    /// Gives back to its queue what a consumer has taken and not acknowledged; that can be acknowledged no more. The
    /// channel and its other consumers go on.
    pub(in crate::drivers::rabbit) fn give_back(&self, tag: u32) {
        match self {
            Self::Native(channel) => channel.give_back(tag),
            Self::Lapin(channel) => channel.give_back(tag),
        }
    }

    pub(in crate::drivers::rabbit) async fn close(&self) {
        match self {
            Self::Native(channel) => channel.close().await,
            Self::Lapin(channel) => channel.close().await,
        }
    }

    /// The same channel, without keeping it open.
    pub(in crate::drivers::rabbit) fn downgrade(&self) -> WeakChannel {
        match self {
            Self::Native(channel) => WeakChannel::Native(channel.downgrade()),
            Self::Lapin(channel) => WeakChannel::Lapin(channel.downgrade()),
        }
    }

    /// Acknowledges on this incarnation of the channel: after it is gone, its tags mean nothing and are ignored.
    pub(in crate::drivers::rabbit) fn acks(&self) -> Arc<dyn Acknowledge> {
        match self {
            Self::Native(channel) => Arc::new(native::ChannelAcks(channel.clone())),
            Self::Lapin(channel) => Arc::new(over_lapin::ChannelAcks(channel.clone())),
        }
    }
}

/// A channel that does not live longer for being known.
pub(in crate::drivers::rabbit) enum WeakChannel {
    Native(native::WeakChannel),
    Lapin(over_lapin::WeakChannel),
}

impl WeakChannel {
    /// The channel, if anybody still uses it.
    pub(in crate::drivers::rabbit) fn upgrade(&self) -> Option<Channel> {
        match self {
            Self::Native(channel) => channel.upgrade().map(Channel::Native),
            Self::Lapin(channel) => channel.upgrade().map(Channel::Lapin),
        }
    }
}

/// A channel that says what became of each message.
#[derive(Clone)]
pub(in crate::drivers::rabbit) enum Confirms {
    Native(native::Confirms),
    Lapin(over_lapin::Confirms),
}

impl Confirms {
    /// Prepares `channel`; `format` finds the unique ids of returned messages.
    pub(in crate::drivers::rabbit) async fn start(
        channel: Channel,
        format: Arc<dyn WireFormat>,
        assurance: Assurance,
    ) -> Result<Self, AmqpError> {
        match channel {
            Channel::Native(channel) => {
                native::Confirms::start(channel, format, assurance).await.map(Self::Native)
            }
            // lapin tells of returns with confirmations only; they are the greater assurance.
            Channel::Lapin(channel) => over_lapin::Confirms::start(channel, format).await.map(Self::Lapin),
        }
    }

    /// Whether messages can be published.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        match self {
            Self::Native(confirms) => confirms.is_open(),
            Self::Lapin(confirms) => confirms.is_open(),
        }
    }

    /// Publishes; returns at once. Messages leave in the order of calls.
    pub(in crate::drivers::rabbit) fn publish(&self, message: Message, on_outcome: OnOutcome) {
        match self {
            Self::Native(confirms) => confirms.publish(message, on_outcome),
            Self::Lapin(confirms) => confirms.publish(message, on_outcome),
        }
    }
}
