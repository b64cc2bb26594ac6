//! The bare server: acknowledge, dispatch in a task of its own, reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bench_load::Failure;
use lapin::message::Delivery;
use lapin::options::{
    BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, Consumer, ExchangeKind};
use tokio::runtime::Handle;

use super::confirms::Confirms;
use super::host::run_on;
use super::publish::{Place, Wait, publish};
use super::wire::{Method, Reply, Request};
use super::{ack, next_batch};
use crate::broker::{Site, fanout_exchange};
use crate::cli::LapinMode;
use crate::error::{Error, Result};

/// Messages to one acknowledgement in [`LapinMode::Unconfirmed`].
pub(super) const ACK_EVERY: u64 = 32;

/// Requests that the broker hands out unacknowledged; the default of ours.
const PREFETCH: u16 = 64;

struct Server {
    channel: Channel,
    /// In the tuned modes, where handlers do not wait for their confirmations.
    confirms: Option<Confirms>,
    mode: LapinMode,
    /// Of all servers in this process.
    handled: Arc<AtomicU64>,
}

/// Serves until the connection is dropped, several servers side by side for fanout; returns when the consumers are there.
pub(crate) async fn serve(site: Site, mode: LapinMode, servers: u64) -> Result<Connection> {
    run_on(mode, set_up(site, mode, servers, Handle::current())).await
}

async fn set_up(site: Site, mode: LapinMode, servers: u64, handlers: Handle) -> Result<Connection> {
    let connection = super::connect(&site.url).await?;
    let handled = Arc::new(AtomicU64::new(0));
    let mut queues = vec![declare_topic(&connection, &site).await?];
    if servers > 1 {
        for _ in 0..servers {
            queues.push(declare_fanout(&connection, &site).await?);
        }
    }
    for (channel, queue) in queues {
        if mode.confirms() {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
            channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        }
        let consumer = channel
            .basic_consume(queue, "".into(), BasicConsumeOptions::default(), FieldTable::default())
            .await?;
        let confirms = mode.is_tuned().then(|| Confirms::start(channel.clone(), settled));
        let server = Arc::new(Server { channel, confirms, mode, handled: handled.clone() });
        let handlers = handlers.clone();
        tokio::spawn(async move {
            if let Err(error) = consume(server, consumer, handlers).await {
                eprintln!("bench: the lapin server stopped consuming: {error}");
            }
        });
    }
    Ok(connection)
}

async fn declare_topic(connection: &Connection, site: &Site) -> Result<(Channel, ShortString)> {
    let channel = connection.create_channel().await?;
    let declare =
        QueueDeclareOptions { auto_delete: !site.durable, durable: site.durable, ..Default::default() };
    channel.queue_declare(site.topic.as_str().into(), declare, FieldTable::default()).await?;
    Ok((channel, site.topic.as_str().into()))
}

async fn declare_fanout(connection: &Connection, site: &Site) -> Result<(Channel, ShortString)> {
    let channel = connection.create_channel().await?;
    let exchange = ShortString::from(fanout_exchange(&site.topic));
    let declare = ExchangeDeclareOptions { auto_delete: true, ..Default::default() };
    channel.exchange_declare(exchange.clone(), ExchangeKind::Fanout, declare, FieldTable::default()).await?;
    let declare = QueueDeclareOptions { exclusive: true, ..Default::default() };
    let queue = channel.queue_declare("".into(), declare, FieldTable::default()).await?.name().clone();
    let bind = QueueBindOptions::default();
    channel.queue_bind(queue.clone(), exchange, "".into(), bind, FieldTable::default()).await?;
    Ok((channel, queue))
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
