//! Bare lapin: the least code that gives request and reply over RabbitMQ, as the measure of what a framework adds.
//!
//! One request queue, one reply queue a client, a correlation id to each call, a task to each request. The JSON is a plain
//! object built and parsed once, without the envelope that oslo.messaging puts around it.

mod client;
mod publish;
mod returns;
mod server;
mod wire;

pub(super) use client::LapinClient;
pub(super) use server::serve;

use lapin::{Connection, ConnectionProperties};

use crate::broker::amqp_url;
use crate::error::Result;

async fn connect(url: &str) -> Result<Connection> {
    Ok(Connection::connect(&amqp_url(url)?, ConnectionProperties::default()).await?)
}
