//! The bare server: acknowledge, dispatch in a task of its own, reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, Consumer};

use super::ack;
use super::publish::{Place, Wait, publish};
use super::wire::{Method, Reply, Request};
use crate::cli::LapinMode;
use crate::error::{Error, Result};
use crate::load::Failure;

/// Messages to one acknowledgement in [`LapinMode::Unconfirmed`].
pub(super) const ACK_EVERY: u64 = 32;

/// Requests that the broker hands out unacknowledged; the default of ours.
const PREFETCH: u16 = 64;

struct Server {
    channel: Channel,
    mode: LapinMode,
    handled: AtomicU64,
}

/// Serves until the connection is dropped; returns when the consumer is there.
pub(crate) async fn serve(url: &str, topic: &str, mode: LapinMode) -> Result<Connection> {
    let connection = super::connect(url).await?;
    let channel = connection.create_channel().await?;
    let declare = QueueDeclareOptions { auto_delete: true, ..Default::default() };
    channel.queue_declare(topic.into(), declare, FieldTable::default()).await?;
    if mode == LapinMode::Equal {
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    }
    let consumer = channel
        .basic_consume(topic.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default())
        .await?;
    let server = Arc::new(Server { channel, mode, handled: AtomicU64::new(0) });
    tokio::spawn(async move {
        if let Err(error) = consume(server, consumer).await {
            eprintln!("bench: the lapin server stopped consuming: {error}");
        }
    });
    Ok(connection)
}

async fn consume(server: Arc<Server>, mut consumer: Consumer) -> Result<()> {
    let mut unacked = 0;
    while let Some(delivery) = consumer.next().await {
        let delivery = delivery?;
        match server.mode {
            LapinMode::Equal => ack(&server.channel, delivery.delivery_tag, false)?,
            LapinMode::Unconfirmed => {
                unacked += 1;
                if unacked == ACK_EVERY {
                    unacked = 0;
                    ack(&server.channel, delivery.delivery_tag, true)?;
                }
            }
        }
        let server = server.clone();
        tokio::spawn(async move {
            if let Err(failure) = server.handle(delivery).await {
                eprintln!("bench: the lapin server failed a request: {failure}");
            }
        });
    }
    Err(Error::Peer("the broker ended the consumer".to_owned()))
}

impl Server {
    async fn handle(&self, delivery: Delivery) -> Result<(), Failure> {
        let request: Request<'_> = serde_json::from_slice(&delivery.data).map_err(not_json)?;
        let reply = match request.method {
            Method::Echo => serde_json::to_vec(&Reply { result: &request.args.data }).map_err(not_json)?,
            Method::Handled => {
                serde_json::to_vec(&Reply { result: self.handled.load(Relaxed) }).map_err(not_json)?
            }
            Method::Hit => {
                self.handled.fetch_add(1, Relaxed);
                return Ok(());
            }
        };
        let (Some(id), Some(queue)) = (delivery.properties.correlation_id(), delivery.properties.reply_to())
        else {
            return Err(Failure::Other("a call without correlation id and reply queue".to_owned()));
        };
        let properties = BasicProperties::default().with_correlation_id(id.clone());
        let wait = match self.mode {
            LapinMode::Equal => Wait::Confirm,
            LapinMode::Unconfirmed => Wait::No,
        };
        publish(&self.channel, Place::queue(queue.clone()), &reply, properties, wait).await?;
        Ok(())
    }
}

fn not_json(error: serde_json::Error) -> Failure {
    Failure::Other(format!("JSON: {error}"))
}
