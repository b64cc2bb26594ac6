//! The bare client: one reply queue, calls told apart by correlation id.

use std::sync::Arc;
use std::time::Duration;

use bench_load::{Client, Failure, Queue, What};
use lapin::options::{BasicConsumeOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Connection, Consumer};
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::interval;

use super::confirms::Confirms;
use super::host::run_on;
use super::publish::{Place, Wait, publish};
use super::returns::{Ending, Pending};
use super::wire::{Args, Method, Reply, Request};
use super::{ack, next_batch, properties};
use crate::broker::{Site, missing};
use crate::cli::LapinMode;
use crate::error::Result;

/// How often returns are fetched when nothing is confirmed: lapin hands them out to nobody by itself.
const RETURNS_EVERY: Duration = Duration::from_millis(5);

pub(crate) struct LapinClient {
    channel: Channel,
    /// In the tuned modes, where calls do not wait for their confirmations.
    confirms: Option<Confirms>,
    served: Place,
    /// Where it is asked how many casts were handled.
    asked: Place,
    missing: Place,
    properties: BasicProperties,
    replies: ShortString,
    pending: Arc<Pending>,
    mode: LapinMode,
    what: What,
    _connection: Connection,
}

impl LapinClient {
    pub(crate) async fn connect(site: Site, mode: LapinMode, what: What) -> Result<Self> {
        run_on(mode, Self::set_up(site, mode, what)).await
    }

    async fn set_up(site: Site, mode: LapinMode, what: What) -> Result<Self> {
        let connection = super::connect(&site.url).await?;
        let channel = connection.create_channel().await?;
        let pending = Arc::new(Pending::default());
        if mode.confirms() {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
        } else {
            tokio::spawn(drain_returns(channel.clone(), pending.clone()));
        }
        let confirms = mode.is_tuned().then(|| {
            let pending = pending.clone();
            Confirms::start(channel.clone(), move |id, outcome| settled(&pending, id, outcome))
        });
        let declare = QueueDeclareOptions { auto_delete: true, ..Default::default() };
        let replies = channel.queue_declare("".into(), declare, FieldTable::default()).await?.name().clone();
        // Replies are acknowledged where ours acknowledges them, without waiting for the write.
        let acks = mode.acknowledges_replies().then(|| channel.clone());
        let consume = BasicConsumeOptions { no_ack: acks.is_none(), ..Default::default() };
        let consumer =
            channel.basic_consume(replies.clone(), "".into(), consume, FieldTable::default()).await?;
        let batch = if mode.is_tuned() { usize::MAX } else { 1 };
        tokio::spawn(receive(consumer, batch, acks, pending.clone()));
        let queue = |topic: &str| Place::queue(topic.into());
        let served = if what == What::Fanout { Place::fanout(&site.topic) } else { queue(&site.topic) };
        let (asked, missing) = (queue(&site.topic), queue(&missing(&site.topic)));
        let properties = properties(&site);
        Ok(Self {
            channel,
            confirms,
            served,
            asked,
            missing,
            properties,
            replies,
            pending,
            mode,
            what,
            _connection: connection,
        })
    }

    fn place(&self, queue: Queue) -> &Place {
        match queue {
            Queue::Served => &self.served,
            Queue::Missing => &self.missing,
        }
    }

    /// Publishes and says by which id the message can end.
    async fn request_by_id(
        &self,
        place: &Place,
        method: Method,
        data: &str,
    ) -> Result<(u64, oneshot::Receiver<Ending>), Failure> {
        let body =
            serde_json::to_vec(&Request { method, args: Args { data: data.into() } }).map_err(unreadable)?;
        let (id, ending) = self.pending.register();
        let mut properties = self.properties.clone().with_correlation_id(id.to_string().into());
        if method != Method::Hit {
            properties = properties.with_reply_to(self.replies.clone());
        }
        let place = place.clone();
        let wait = match (&self.confirms, method) {
            (Some(confirms), Method::Echo | Method::Handled) => {
                confirms.push(place, body, properties, id)?;
                return Ok((id, ending));
            }
            _ if self.mode.confirms() => Wait::Confirm,
            (_, Method::Hit) => Wait::Write,
            (_, Method::Echo | Method::Handled) => Wait::No,
        };
        if let Some(returned) = publish(&self.channel, place, &body, properties, wait).await? {
            self.pending.end(&returned, Ending::Returned);
        }
        Ok((id, ending))
    }

    async fn request<T: DeserializeOwned>(
        &self,
        place: &Place,
        method: Method,
        data: &str,
    ) -> Result<T, Failure> {
        let (_, ending) = self.request_by_id(place, method, data).await?;
        match ending.await {
            Ok(Ending::Reply(body)) => {
                Ok(serde_json::from_slice::<Reply<T>>(&body).map_err(unreadable)?.result)
            }
            Ok(Ending::Returned) => Err(returned()),
            Err(_) => Err(Failure::Other("the connection ended before the reply".to_owned())),
        }
    }

    async fn call(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let answer: String = self.request(self.place(queue), Method::Echo, data).await?;
        if answer == data { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
    }

    async fn cast(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let (id, mut ending) = self.request_by_id(self.place(queue), Method::Hit, data).await?;
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
        if self.what == What::Call { self.call(queue, data).await } else { self.cast(queue, data).await }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        self.request(&self.asked, Method::Handled, "").await.map(Some)
    }
}

/// What a confirmation brought: the call whose message came back ends, and one that was not published.
fn settled(pending: &Pending, id: u64, outcome: Result<Option<BasicProperties>, Failure>) {
    match outcome {
        Ok(Some(returned)) => pending.end(&returned, Ending::Returned),
        Ok(None) => {}
        Err(failure) => {
            eprintln!("bench: the lapin client failed a request: {failure}");
            pending.forget(id);
        }
    }
}

async fn receive(mut consumer: Consumer, most: usize, acks: Option<Channel>, pending: Arc<Pending>) {
    while let Some(batch) = next_batch(&mut consumer, most).await {
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return eprintln!("bench: the lapin client stopped receiving: {error}"),
        };
        let acked = acks
            .as_ref()
            .zip(batch.last())
            .map_or(Ok(()), |(channel, last)| ack(channel, last.delivery_tag, batch.len() > 1));
        if let Err(error) = acked {
            return eprintln!("bench: the lapin client cannot acknowledge: {error}");
        }
        for delivery in batch {
            pending.end(&delivery.properties, Ending::Reply(delivery.data));
        }
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
