//! The conformance suite of a connection alone: scripts that every implementation behind the seam has to pass against a
//! real RabbitMQ. `tests/tests/amqp_connection.rs` plays each of them on each implementation.
//!
//! Scripts speak in the seam's own types and know no implementation. What only an operator or a network can do is handed
//! in. A script fails by a panic that says what did not come.

// A script has nobody to return an error to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod channels;
mod consuming;
mod faults;
mod handshake;
mod publishing;
mod stage;

pub use channels::*;
pub use consuming::*;
pub use faults::*;
pub use handshake::*;
pub use publishing::*;
pub use stage::Stage;

use crate::transport::BoxFuture;

/// What happens to a connection from outside. All of it concerns one virtual host, and what goes over one proxy.
pub trait Operator: Send + Sync {
    /// Closes every connection, with a reply code and words.
    fn close_connections(&self) -> BoxFuture<'_, ()>;

    /// Deletes a queue that is consumed.
    fn delete_queue<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, ()>;

    /// Declares a queue that has room for one message and refuses more.
    fn declare_tiny_queue<'a>(&'a self, queue: &'a str) -> BoxFuture<'a, ()>;

    /// Raises or clears the alarm that blocks publishers.
    fn alarm(&self, raised: bool) -> BoxFuture<'_, ()>;

    /// Resets every TCP connection.
    fn cut(&self);

    /// Holds back what the broker sends, or lets it through.
    fn hold(&self, hold: bool);

    /// From now on nothing comes through in either direction, without a word to either side.
    fn go_silent(&self);

    /// Resolves when `count` methods of this name have been sent to the broker; gives their arguments.
    fn sent<'a>(&'a self, method: &'a str, count: usize) -> BoxFuture<'a, Vec<serde_json::Value>>;
}
