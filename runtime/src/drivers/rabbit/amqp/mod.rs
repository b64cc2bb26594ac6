//! The narrow AMQP 0-9-1 connection that the driver stands on: open, channels by role, declare, consume, publish with an
//! outcome by unique id, acknowledge, cancel, close, events.
//!
//! Two implementations stand behind it, and nothing above knows which: `native`, our own over the frames of
//! `amq-protocol`, and `over_lapin`. Neither crate is named outside their folders; everything above speaks in the plain
//! types below.

mod dial;
mod either;
mod login;
mod name;
mod native;
mod over_lapin;
#[cfg(any(test, feature = "connection-suite"))]
pub(super) mod sample;
#[cfg(feature = "connection-suite")]
pub mod suite;

pub use either::ConnectionKind;
pub(super) use either::{Channel, Confirms, Connection, WeakChannel};
pub(super) use name::Name;
#[cfg(test)]
pub(super) use native::{Connection as NativeConnection, tests as scripted};

use crate::id::MessageId;
use crate::transport::HostSpec;
use crate::wire::Properties;
use std::fmt;

/// One broker node, how to log in to it, and what to open there.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) host: HostSpec,
    pub(super) virtual_host: String,
}

impl Node {
    /// `host:port`, with an IPv6 address in brackets.
    pub(super) fn address(&self) -> String {
        self.host.node()
    }
}

/// An exchange as all peers declare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExchangeSpec {
    pub(super) name: String,
    pub(super) fanout: bool,
    pub(super) durable: bool,
    pub(super) auto_delete: bool,
}

/// A queue as all peers declare it; never exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QueueSpec {
    pub(super) name: String,
    pub(super) durable: bool,
    pub(super) auto_delete: bool,
    /// `x-expires` in milliseconds.
    pub(super) expires: Option<i32>,
}

/// A message to hand to the broker.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) exchange: Name,
    pub(super) routing_key: Name,
    pub(super) mandatory: bool,
    pub(super) properties: Properties,
    pub(super) body: Vec<u8>,
    pub(super) unique_id: MessageId,
}

/// A message from the broker.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) tag: u64,
    pub(super) redelivered: bool,
    pub(super) properties: Properties,
    pub(super) body: Vec<u8>,
}

/// Something that happened to the whole connection.
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// The broker takes no messages for now.
    Blocked(String),
    /// It does again.
    Unblocked,
    /// The connection is gone. Always the last event.
    Lost(AmqpError),
}

/// The broker's word on one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A queue has it, or it was not mandatory.
    Confirmed,
    /// No queue takes it.
    Returned { code: u16, text: String },
    /// The broker refused responsibility.
    Refused,
    /// The channel ended before the broker's word. `number` is the message's place in the order in which that channel's left.
    Lost { number: u64, error: AmqpError },
    /// Nothing of it has left: its channel or connection had ended already. Another one can take it.
    TooLate(AmqpError),
    /// Nothing of it has left, and no channel can take it: the protocol has no room for its names or headers.
    Unsendable(AmqpError),
}

/// How a channel learns what became of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Assurance {
    /// The broker confirms each.
    Confirmed,
    /// The broker is asked something now and then: when it answers, it has routed everything that came before.
    Routed,
}

/// Called once with a message's outcome, and with the message itself unless the driver has stopped.
pub(super) type OnOutcome = Box<dyn FnOnce(Outcome, Option<Message>) + Send>;

/// What went wrong, in the broker's or the system's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AmqpError {
    /// AMQP reply code, when the broker said so.
    pub(super) code: Option<u16>,
    /// What it hurts.
    pub(super) scope: Scope,
    pub(super) text: String,
}

/// What an error hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The channel is gone, the connection lives.
    Channel,
    /// The connection is gone.
    Connection,
}

impl fmt::Display for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{code} {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}
