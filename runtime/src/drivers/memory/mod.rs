//! The `memory` driver: a small real broker in the process.
//!
//! It has exchanges, queues and bindings with the names that oslo.messaging uses on RabbitMQ, round robin over consumers
//! with prefetch, per-message expiry, returns of unroutable messages, requeueing, and queues that outlive their server;
//! messages cross it as encoded bytes, as on any other broker. It is the embedded default and the test double of
//! services: transports of one process that name the same broker ([`MemoryBroker::named`]) reach each other.
//!
//! No thread and no timer moves messages. Whoever does something with the broker makes the deliveries that follow from
//! it on his own call and without a lock held; a subscription gets them one at a time. Expired messages are dropped when
//! their queue is next looked at.
//!
//! A queue has no limit, as RabbitMQ's have none unless a policy sets one: a cast ends when its queue has the message, not
//! when a server has run it. Whoever casts faster than servers run fills the memory of the process; calls wait for their
//! answers, and bound themselves.
//!
//! A test can look into the broker ([`MemoryBroker::queue`]), cut its consumers off ([`MemoryBroker::kill_consumers`]) and
//! let it make seeded faults ([`MemoryBroker::faults`]).

mod address;
mod broker;
mod consumer;
mod driver;
mod exchange;
mod faults;
mod news;
mod outlet;
mod queue;
mod queues;
mod random;
#[cfg(test)]
mod simulation;
mod state;
mod subscriber;

pub use broker::MemoryBroker;
pub use driver::MemoryDriver;
pub use faults::{FaultCounts, FaultPlan, FaultScope};
