//! The bare client: one reply queue, calls told apart by correlation id.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, Consumer};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::interval;

use super::ack;
use super::publish::{Place, Wait, publish};
use super::returns::{Ending, Pending};
use super::wire::{Args, Method, Reply, Request};
use crate::broker::missing;
use crate::cli::{LapinMode, What};
use crate::error::Result;
use crate::load::{Client, Failure, Queue};

/// How often returns are fetched when nothing is confirmed: lapin hands them out to nobody by itself.
const RETURNS_EVERY: Duration = Duration::from_millis(5);

pub(crate) struct LapinClient {
    channel: Channel,
    served: ShortString,
    missing: ShortString,
    replies: ShortString,
    pending: Arc<Pending>,
    mode: LapinMode,
    what: What,
    _connection: Connection,
}

impl LapinClient {
    pub(crate) async fn connect(url: &str, topic: &str, mode: LapinMode, what: What) -> Result<Self> {
        let connection = super::connect(url).await?;
        let channel = connection.create_channel().await?;
        let pending = Arc::new(Pending::default());
        match mode {
            LapinMode::Equal => channel.confirm_select(ConfirmSelectOptions::default()).await?,
            LapinMode::Unconfirmed => {
                tokio::spawn(drain_returns(channel.clone(), pending.clone()));
            }
        }
        let declare = QueueDeclareOptions { auto_delete: true, ..Default::default() };
        let replies = channel.queue_declare("".into(), declare, FieldTable::default()).await?.name().clone();
        // Replies are acknowledged where ours acknowledges them, one by one and without waiting for the write.
        let acks = (mode == LapinMode::Equal).then(|| channel.clone());
        let consume = BasicConsumeOptions { no_ack: acks.is_none(), ..Default::default() };
        let consumer =
            channel.basic_consume(replies.clone(), "".into(), consume, FieldTable::default()).await?;
        tokio::spawn(receive(consumer, acks, pending.clone()));
        let missing = missing(topic).into();
        let served = topic.into();
        Ok(Self { channel, served, missing, replies, pending, mode, what, _connection: connection })
    }

    fn queue(&self, queue: Queue) -> ShortString {
        match queue {
            Queue::Served => self.served.clone(),
            Queue::Missing => self.missing.clone(),
        }
    }

    /// Publishes and says by which id the message can end.
    async fn request_by_id(
        &self,
        queue: Queue,
        method: Method,
        data: &str,
    ) -> Result<(u64, oneshot::Receiver<Ending>), Failure> {
        let body =
            serde_json::to_vec(&Request { method, args: Args { data: data.into() } }).map_err(unreadable)?;
        let (id, ending) = self.pending.register();
        let mut properties = BasicProperties::default().with_correlation_id(id.to_string().into());
        if method != Method::Hit {
            properties = properties.with_reply_to(self.replies.clone());
        }
        let wait = match (self.mode, method) {
            (LapinMode::Equal, _) => Wait::Confirm,
            (LapinMode::Unconfirmed, Method::Hit) => Wait::Write,
            (LapinMode::Unconfirmed, Method::Echo | Method::Handled) => Wait::No,
        };
        if let Some(returned) =
            publish(&self.channel, Place::queue(self.queue(queue)), &body, properties, wait).await?
        {
            self.pending.end(&returned, Ending::Returned);
        }
        Ok((id, ending))
    }

    async fn request<T: DeserializeOwned>(
        &self,
        queue: Queue,
        method: Method,
        data: &str,
    ) -> Result<T, Failure> {
        let (_, ending) = self.request_by_id(queue, method, data).await?;
        match ending.await {
            Ok(Ending::Reply(body)) => {
                Ok(serde_json::from_slice::<Reply<T>>(&body).map_err(unreadable)?.result)
            }
            Ok(Ending::Returned) => Err(returned()),
            Err(_) => Err(Failure::Other("the connection ended before the reply".to_owned())),
        }
    }

    async fn call(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let answer: String = self.request(queue, Method::Echo, data).await?;
        if answer == data { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
    }

    async fn cast(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let (id, mut ending) = self.request_by_id(queue, Method::Hit, data).await?;
        match queue {
            // Nothing tells a cast that it was not returned, so only the one that must be returned waits for it.
            Queue::Missing => match ending.await {
                Ok(_) => Err(returned()),
                Err(_) => Err(Failure::Other("the connection ended before the return".to_owned())),
            },
            Queue::Served => {
                self.pending.forget(id);
                if ending.try_recv().is_ok() { Err(returned()) } else { Ok(()) }
            }
        }
    }
}

impl Client for LapinClient {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        if self.what == What::Cast { self.cast(queue, data).await } else { self.call(queue, data).await }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        self.request(Queue::Served, Method::Handled, "").await.map(Some)
    }
}

async fn receive(mut consumer: Consumer, acks: Option<Channel>, pending: Arc<Pending>) {
    while let Some(delivery) = consumer.next().await {
        let delivery = match delivery {
            Ok(delivery) => delivery,
            Err(error) => return eprintln!("bench: the lapin client stopped receiving: {error}"),
        };
        let acked = acks.as_ref().map(|channel| ack(channel, delivery.delivery_tag, false));
        if let Some(Err(error)) = acked {
            return eprintln!("bench: the lapin client cannot acknowledge: {error}");
        }
        pending.end(&delivery.properties, Ending::Reply(delivery.data));
    }
}

async fn drain_returns(channel: Channel, pending: Arc<Pending>) {
    let mut tick = interval(RETURNS_EVERY);
    loop {
        tick.tick().await;
        match channel.wait_for_confirms().await {
            Ok(returned) => {
                for message in returned {
                    pending.end(&message.delivery.properties, Ending::Returned);
                }
            }
            Err(error) => {
                eprintln!("bench: the lapin client no longer learns of returns: {error}");
                return;
            }
        }
    }
}

fn unreadable(error: serde_json::Error) -> Failure {
    Failure::Other(format!("JSON: {error}"))
}

fn returned() -> Failure {
    Failure::Unroutable("returned by the broker".to_owned())
}
