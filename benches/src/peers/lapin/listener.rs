//! The bare listener: a task for each notification, acknowledged when it is done.

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, Consumer};

use super::server::ACK_EVERY;
use super::{ack, declare};
use crate::broker::Site;
use crate::cli::LapinMode;
use crate::error::{Error, Result};
use crate::listen::Handled;
use crate::notification::Notification;

struct Listener {
    channel: Channel,
    mode: LapinMode,
    /// Notifications to one acknowledgement in [`LapinMode::Unconfirmed`]; the broker sends no more before it has half of them.
    ack_every: u64,
    handled: Handled,
}

/// Listens until the connection is dropped, to `inflight` notifications at a time; returns when the consumer is there.
pub(crate) async fn listen(
    site: &Site,
    mode: LapinMode,
    inflight: u16,
    handled: &Handled,
) -> Result<Connection> {
    let connection = super::connect(&site.url).await?;
    let channel = connection.create_channel().await?;
    let queue = declare(&channel, site).await?;
    channel.basic_qos(inflight, BasicQosOptions::default()).await?;
    let options = BasicConsumeOptions::default();
    let consumer =
        channel.basic_consume(queue.as_str().into(), "".into(), options, FieldTable::default()).await?;
    let ack_every = (u64::from(inflight) / 2).clamp(1, ACK_EVERY);
    let listener = Listener { channel, mode, ack_every, handled: handled.clone() };
    tokio::spawn(async move {
        if let Err(error) = listener.consume(consumer).await {
            eprintln!("bench: the lapin listener stopped: {error}");
        }
    });
    Ok(connection)
}

impl Listener {
    async fn consume(&self, mut consumer: Consumer) -> Result<()> {
        let mut unacked = 0;
        while let Some(delivery) = consumer.next().await {
            let delivery = delivery?;
            match self.mode {
                // The broker bounds the tasks: it sends no more than are unacknowledged.
                LapinMode::Equal
                | LapinMode::RepliesUnacked
                | LapinMode::Tuned
                | LapinMode::TunedInRuntime => {
                    let (channel, handled) = (self.channel.clone(), self.handled.clone());
                    tokio::spawn(async move {
                        let tag = delivery.delivery_tag;
                        if let Err(error) =
                            handle(delivery, &handled).and_then(|()| ack(&channel, tag, false))
                        {
                            eprintln!("bench: the lapin listener failed a notification: {error}");
                        }
                    });
                }
                LapinMode::Unconfirmed => {
                    let tag = delivery.delivery_tag;
                    handle(delivery, &self.handled)?;
                    unacked += 1;
                    if unacked == self.ack_every {
                        unacked = 0;
                        ack(&self.channel, tag, true)?;
                    }
                }
            }
        }
        Err(Error::Peer("the broker ended the consumer".to_owned()))
    }
}

fn handle(delivery: Delivery, handled: &Handled) -> Result<()> {
    let notification: Notification<'_> = serde_json::from_slice(&delivery.data)?;
    std::hint::black_box(notification.payload.data);
    handled.add();
    Ok(())
}
