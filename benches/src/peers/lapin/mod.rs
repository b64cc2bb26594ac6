//! Bare lapin: the least code that gives request and reply, and notifications, over RabbitMQ, as the measure of what a
//! framework adds.
//!
//! One request queue, one reply queue a client, a correlation id to each call, a task to each request. The JSON is a plain
//! object built and parsed once, without the envelope that oslo.messaging puts around it. Notifications go through a topic
//! exchange into the queue of their priority, with the keys that oslo.messaging writes.

mod client;
mod confirms;
mod host;
mod listener;
mod notifier;
mod publish;
mod returns;
mod server;
mod wire;

pub(super) use client::LapinClient;
pub(super) use listener::listen;
pub(super) use notifier::LapinNotifier;
pub(super) use server::serve;

use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};

use crate::broker::{Site, amqp_url, notification_queue};
use crate::error::Result;

/// AMQP's number for it.
const PERSISTENT: u8 = 2;

async fn connect(url: &str) -> Result<Connection> {
    Ok(Connection::connect(&amqp_url(url)?, ConnectionProperties::default()).await?)
}

/// Acknowledges without waiting for the write, as ours: the first poll queues the frame.
fn ack(channel: &Channel, tag: u64, multiple: bool) -> Result<()> {
    match channel.basic_ack(tag, BasicAckOptions { multiple }).now_or_never() {
        Some(Err(error)) => Err(error.into()),
        _ => Ok(()),
    }
}

/// The properties of a message that a durable queue is to keep; the others live in memory.
fn properties(site: &Site) -> BasicProperties {
    let properties = BasicProperties::default();
    if site.durable { properties.with_delivery_mode(PERSISTENT) } else { properties }
}

/// Waits for one delivery and takes those that have come with it, `most` at the most; none when the broker ended the consumer.
async fn next_batch(consumer: &mut Consumer, most: usize) -> Option<lapin::Result<Vec<Delivery>>> {
    let mut batch = Vec::new();
    let mut next = consumer.next().await?;
    loop {
        match next {
            Ok(delivery) => batch.push(delivery),
            Err(error) => return Some(Err(error)),
        }
        if batch.len() == most {
            return Some(Ok(batch));
        }
        match consumer.next().now_or_never() {
            Some(Some(further)) => next = further,
            // Nothing more for now, or ever: then the next call says so.
            _ => return Some(Ok(batch)),
        }
    }
}

/// Declares the queue of a topic's notifications, as oslo.messaging would, with an exchange of its own. Gives its name.
async fn declare(channel: &Channel, site: &Site) -> Result<String> {
    let (topic, durable) = (site.topic.as_str(), site.durable);
    let queue = notification_queue(topic);
    let options = ExchangeDeclareOptions { durable, ..Default::default() };
    channel.exchange_declare(topic.into(), ExchangeKind::Topic, options, FieldTable::default()).await?;
    let options = QueueDeclareOptions { durable, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await?;
    let (name, key) = (queue.as_str().into(), queue.as_str().into());
    channel.queue_bind(name, topic.into(), key, QueueBindOptions::default(), FieldTable::default()).await?;
    Ok(queue)
}
