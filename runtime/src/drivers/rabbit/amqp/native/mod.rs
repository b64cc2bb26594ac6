//! A connection of our own, on tokio, over the frames of `amq-protocol`.
//!
//! Users queue bytes under one lock; one task for each connection writes them, as many as there are at a time, and hands
//! out what comes. While it sleeps, a user whose message is alone writes it himself. Outcomes of publishes are exact: the
//! broker returns a message before it confirms it. Knows no runtime but the current one, starts no thread, and holds nothing
//! but what is written or read next.

mod acks;
mod channel;
mod channel_state;
mod codec;
mod core;
mod gather;
mod handshake;
mod input;
mod io;
mod lending;
mod socket;
mod state;
#[cfg(test)]
pub(in crate::drivers::rabbit) mod tests;
mod window;

pub(super) use channel::{Channel, ChannelAcks, WeakChannel};

use self::core::Core;
use super::{AmqpError, Assurance, Event, Message, Node, OnOutcome, dial, login};
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::{ConnectFailure, ConnectFailureKind};
use crate::wire::WireFormat;
use handshake::Agreed;
use input::Input;
use io::Io;
use socket::{Shortcut, Socket, Stream};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// One connection to one node. Dropping it closes it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Connection {
    handle: Arc<Handle>,
}

struct Handle(Arc<Core>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.begin_close();
    }
}

impl Connection {
    /// Logs in to `node`; a `heartbeat` of 0 seconds is none. Events go to the returned receiver from then on. The
    /// connection's task has its home on the current runtime.
    pub(in crate::drivers::rabbit) async fn open(
        node: &Node,
        name: &str,
        heartbeat: u16,
        surroundings: Surroundings,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>), ConnectFailure> {
        let failed =
            |cause| ConnectFailure { kind: ConnectFailureKind::Unreachable, node: node.address(), cause };
        let connected = dial::dial(&node.host.host, node.host.port, TcpStream::connect).await;
        let mut stream = connected.map_err(failed)?;
        dial::tune(&stream).map_err(|error| failed(error.to_string()))?;
        let mut input = Input::default();
        let logging_in = handshake::log_in(&mut stream, &mut input, node, name, heartbeat);
        let agreed = login::limited(node, logging_in).await?;
        let (socket, shortcut) = Socket::new(stream).map_err(|error| failed(error.to_string()))?;
        Ok(Self::start(socket, Some(shortcut), input, agreed, heartbeat, surroundings))
    }

    /// The connection over a stream on which both sides have agreed, and the shortcut to it, if it has one.
    fn start(
        stream: impl Stream,
        shortcut: Option<Shortcut>,
        input: Input,
        agreed: Agreed,
        heartbeat: u16,
        Surroundings { traffic, callers }: Surroundings,
    ) -> (Self, mpsc::UnboundedReceiver<Event>) {
        let (events, receiver) = mpsc::unbounded_channel();
        let core = Arc::new(Core::new(agreed.frame_max, agreed.channel_max, events, traffic, shortcut));
        let io = Io::new(Arc::clone(&core), stream, input, heartbeat);
        tokio::spawn(lending::run(Box::new(io), callers));
        (Self { handle: Arc::new(Handle(core)) }, receiver)
    }

    /// A new channel.
    pub(in crate::drivers::rabbit) async fn channel(&self) -> Result<Channel, AmqpError> {
        Channel::open(Arc::clone(&self.handle.0)).await
    }

    /// Says good-bye to the broker.
    pub(in crate::drivers::rabbit) async fn close(&self) {
        self.handle.0.begin_close();
        self.handle.0.ended().await;
    }
}

/// A channel that says what became of each message.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Confirms {
    channel: Channel,
}

impl Confirms {
    /// Prepares `channel`.
    pub(in crate::drivers::rabbit) async fn start(
        channel: Channel,
        format: Arc<dyn WireFormat>,
        assurance: Assurance,
    ) -> Result<Self, AmqpError> {
        match assurance {
            Assurance::Confirmed => channel.confirm_mode(format).await?,
            Assurance::Routed => channel.routed_mode(format)?,
        }
        Ok(Self { channel })
    }

    /// Whether messages can be published.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        self.channel.is_open()
    }

    /// Publishes; returns at once. Messages leave in the order of calls.
    pub(in crate::drivers::rabbit) fn publish(&self, message: Message, on_outcome: OnOutcome) {
        self.channel.publish(message, on_outcome);
    }
}
