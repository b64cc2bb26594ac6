//! The harness of the tests with real peers: a RabbitMQ node, Python processes that speak oslo.messaging, a recording
//! proxy between the two sides. `tests/run` starts the peers and says where they are in the environment.

// A test's fixture has nobody to return an error to: it stops the test with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod broker;
mod environment;
pub mod journal;
pub mod log;
pub mod proxy;
pub mod python;
pub mod raw;
pub mod rust_peer;
pub mod scenarios;
pub mod site;
pub mod wait;
