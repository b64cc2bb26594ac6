//! The narrow AMQP 0-9-1 connection that the driver stands on: open, channels by role, declare, consume, publish with an
//! outcome by unique id, acknowledge, cancel, close, events.
//!
//! `lapin` is named in this folder and nowhere else; everything above speaks in the plain types below, so that another
//! implementation can take its place.

mod channel;
mod confirms;
mod connection;
mod convert;
mod quiet;
mod socket;

pub(super) use channel::{Channel, ChannelAcks};
pub(super) use confirms::{Confirms, Outcome};
pub(super) use connection::{Connection, Event};

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
    pub(super) exchange: String,
    pub(super) routing_key: String,
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
