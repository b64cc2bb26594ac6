//! The bare server: acknowledge, dispatch in a task of its own, reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, Consumer};
use tokio::runtime::Handle;

use super::confirms::Confirms;
use super::host::run_on;
use super::publish::{Place, Wait, publish};
use super::wire::{Method, Reply, Request};
use super::{ack, next_batch};
use crate::cli::LapinMode;
use crate::error::{Error, Result};
use crate::load::Failure;

/// Messages to one acknowledgement in [`LapinMode::Unconfirmed`].
pub(super) const ACK_EVERY: u64 = 32;

/// Requests that the broker hands out unacknowledged; the default of ours.
const PREFETCH: u16 = 64;

struct Server {
    channel: Channel,
    /// In the tuned modes, where handlers do not wait for their confirmations.
    confirms: Option<Confirms>,
    mode: LapinMode,
    handled: AtomicU64,
}

/// Serves until the connection is dropped; returns when the consumer is there.
pub(crate) async fn serve(url: &str, topic: &str, mode: LapinMode) -> Result<Connection> {
    run_on(mode, set_up(url.to_owned(), topic.to_owned(), mode, Handle::current())).await
}

async fn set_up(url: String, topic: String, mode: LapinMode, handlers: Handle) -> Result<Connection> {
    let connection = super::connect(&url).await?;
    let channel = connection.create_channel().await?;
    let declare = QueueDeclareOptions { auto_delete: true, ..Default::default() };
    channel.queue_declare(topic.as_str().into(), declare, FieldTable::default()).await?;
    if mode.confirms() {
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
    }
    let consumer = channel
        .basic_consume(
            topic.as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    let confirms = mode.is_tuned().then(|| Confirms::start(channel.clone(), settled));
    let server = Arc::new(Server { channel, confirms, mode, handled: AtomicU64::new(0) });
    tokio::spawn(async move {
        if let Err(error) = consume(server, consumer, handlers).await {
            eprintln!("bench: the lapin server stopped consuming: {error}");
        }
    });
    Ok(connection)
}

async fn consume(server: Arc<Server>, mut consumer: Consumer, handlers: Handle) -> Result<()> {
    let mut unacked = 0;
    let most = if server.mode.is_tuned() { usize::MAX } else { 1 };
    while let Some(batch) = next_batch(&mut consumer, most).await {
        let batch = batch?;
        unacked += batch.len() as u64;
        let due = server.mode.confirms() || unacked >= ACK_EVERY;
        if let (true, Some(last)) = (due, batch.last()) {
            ack(&server.channel, last.delivery_tag, unacked > 1)?;
            unacked = 0;
        }
        for delivery in batch {
            let server = server.clone();
            handlers.spawn(async move {
                if let Err(failure) = server.handle(delivery).await {
                    eprintln!("bench: the lapin server failed a request: {failure}");
                }
            });
        }
    }
    Err(Error::Peer("the broker ended the consumer".to_owned()))
}

/// A reply whose queue is gone has nobody to tell.
fn settled(_: u64, outcome: Result<Option<BasicProperties>, Failure>) {
    if let Err(failure) = outcome {
        eprintln!("bench: the lapin server failed a reply: {failure}");
    }
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
        let place = Place::queue(queue.clone());
        if let Some(confirms) = &self.confirms {
            return confirms.push(place, reply, properties, 0);
        }
        let wait = if self.mode.confirms() { Wait::Confirm } else { Wait::No };
        publish(&self.channel, place, &reply, properties, wait).await.map(drop)
    }
}

fn not_json(error: serde_json::Error) -> Failure {
    Failure::Other(format!("JSON: {error}"))
}
