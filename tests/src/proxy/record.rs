//! What the proxy writes down.

use super::message::Message;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the process to the broker.
    ToBroker,
    /// From the broker to the process.
    FromBroker,
}

/// One method with its content, a heartbeat, or an event of the connection (`tcp.open`, `tcp.end`).
#[derive(Debug, Clone)]
pub struct Record {
    /// Since the proxy was started.
    pub at: Duration,
    /// Number of the connection, from 1, in the order in which they were opened.
    pub connection: usize,
    /// Which way.
    pub direction: Direction,
    /// Channel; 0 is the connection itself.
    pub channel: u16,
    /// Name as in the protocol's text: `queue.declare`.
    pub method: String,
    /// Arguments by name. A table `arguments` has its field types beside it in `arguments_types`.
    pub args: Value,
    /// Properties that are set; `Null` for a method without content.
    pub properties: Value,
    /// The content, as sent.
    pub body: Option<Arc<[u8]>>,
}

impl Record {
    /// Whether the process sent this method.
    pub fn sent(&self, method: &str) -> bool {
        self.direction == Direction::ToBroker && self.method == method
    }

    /// Whether the process received this method.
    pub fn received(&self, method: &str) -> bool {
        self.direction == Direction::FromBroker && self.method == method
    }

    /// An argument that is a text.
    pub fn text(&self, argument: &str) -> &str {
        self.args[argument].as_str().unwrap_or_default()
    }

    /// The content as an oslo message.
    ///
    /// # Panics
    /// When there is none, or it is not one.
    pub fn message(&self) -> Message {
        let body = self.body.as_deref().unwrap_or_else(|| panic!("{} has no content", self.method));
        Message::read(body, &self.properties["headers"]).unwrap_or_else(|e| panic!("{e}: {}", self.shown()))
    }

    /// The content as text, for the report of a failure.
    pub fn shown(&self) -> String {
        self.body.as_deref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default()
    }
}
