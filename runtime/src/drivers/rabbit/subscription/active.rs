//! The consumers of a subscription on one incarnation of their channel: how they come there, and how they leave it.

use super::super::amqp::{AmqpError, Channel, Connection, Received, Scope, WeakChannel};
use super::super::link::Up;
use super::super::topology::Source;
use super::Plan;
use super::shared::SharedChannel;
use crate::transport::{AckHandle, Delivery};
use crate::wire::{Header, Properties};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::pin::Pin;
use std::sync::Arc;

/// What was asked for, and why it could not be had.
pub(super) type Failure = (String, AmqpError);

type Ended = Pin<Box<dyn Future<Output = Option<AmqpError>> + Send>>;

/// A set-up subscription.
pub(super) struct Active {
    connection: Connection,
    channel: Channel,
    /// Whether the channel is for others too.
    shared: bool,
    /// Where the broker was asked first; there until what came over it is settled.
    before: Option<WeakChannel>,
    tags: Vec<u32>,
    consumers: FuturesUnordered<Ended>,
}

/// Declares a queue, its exchange and its binding, in Python's order.
pub(in crate::drivers::rabbit) async fn declare(channel: &Channel, source: &Source) -> Result<(), AmqpError> {
    if let Some((exchange, _)) = &source.bound_to {
        channel.declare_exchange(exchange).await?;
    }
    channel.declare_queue(&source.queue).await?;
    if let Some((exchange, key)) = &source.bound_to {
        channel.bind(&source.queue.name, &exchange.name, key).await?;
    }
    Ok(())
}

impl Plan {
    /// Declares everything and consumes it on the connection `up`: over a channel of its own, or over the shared one, which is
    /// the channel of the subscription that came first.
    pub(super) async fn set_up(&self, up: &Up) -> Result<Active, Failure> {
        let Some(shared) = &self.shared else { return self.consume_alone(up).await };
        match shared.vacancy(up).await {
            Some(turn) => {
                let active = self.consume_alone(up).await?;
                turn.share(active.channel.clone(), active.tags.last().copied().unwrap_or_default());
                Ok(Active { shared: true, ..active })
            }
            None => self.consume_with_others(up, shared).await,
        }
    }

    async fn consume_alone(&self, up: &Up) -> Result<Active, Failure> {
        let channel = self.declare_all(up, self.prefetch).await?;
        let mut active = Active::on(up, channel);
        for ((route, source), tag) in self.consumed().zip(1..) {
            active.add(tag, self.consume(&active.channel, tag, route, source).await?);
        }
        Ok(active)
    }

    /// Consumes each queue on a channel of its own first, where a refusal hurts nobody else, and then goes over to the
    /// shared channel.
    async fn consume_with_others(&self, up: &Up, shared: &SharedChannel) -> Result<Active, Failure> {
        // What comes here is beyond the prefetch: let it be little.
        let own = self.declare_all(up, 1).await?;
        let mut tried = Vec::new();
        for ((route, source), tag) in self.consumed().zip(1..) {
            tried.push((route, source, tag, self.consume(&own, tag, route, source).await?));
        }
        let mut turn = shared.turn(up).await;
        let Some(channel) = turn.channel() else {
            let what = "to go over to the shared consumer channel".to_owned();
            return Err((what, gone("it has just ended")));
        };
        let mut active = Active { shared: true, before: Some(own.downgrade()), ..Active::on(up, channel) };
        let going_over = async {
            limit(&active.channel, self.prefetch).await?;
            for (route, source, tried_as, ended) in tried {
                let stop = stop(&own, tried_as, ended, source);
                // A queue that goes with its last consumer must have one all the time. Any other has one at a time, so that
                // its messages stay in order.
                let (before, after) =
                    if source.queue.auto_delete { (None, Some(stop)) } else { (Some(stop), None) };
                if let Some(stop) = before {
                    stop.await?;
                }
                let tag = turn.tag();
                let ended = self.consume(&active.channel, tag, route, source).await?;
                active.add(tag, ended);
                if let Some(stop) = after {
                    stop.await?;
                }
            }
            Ok(())
        };
        match going_over.await {
            Ok(()) => Ok(active),
            Err(failure) => {
                active.leave().await;
                Err(failure)
            }
        }
    }

    /// A new channel with everything declared: before anything is consumed, as Python does.
    async fn declare_all(&self, up: &Up, prefetch: u16) -> Result<Channel, Failure> {
        let channel = up.connection.channel().await.map_err(|e| ("a consumer channel".to_owned(), e))?;
        if prefetch > 0 {
            limit(&channel, prefetch).await?;
        }
        for source in &self.sources {
            declare(&channel, source)
                .await
                .map_err(|e| (format!("the declaration of queue `{}`", source.queue.name), e))?;
        }
        Ok(channel)
    }

    /// Several routes may lead to one queue, as those of a pool do. It is consumed once, as in Python: each consumer would
    /// get a share of its own.
    fn consumed(&self) -> impl Iterator<Item = (usize, &Source)> {
        let first = |(route, source): &(usize, &Source)| {
            !self.sources.iter().take(*route).any(|other| other.queue.name == source.queue.name)
        };
        self.sources.iter().enumerate().filter(first)
    }

    async fn consume(
        &self,
        channel: &Channel,
        tag: u32,
        route: usize,
        source: &Source,
    ) -> Result<Ended, Failure> {
        let (sink, acks) = (Arc::clone(&self.sink), channel.acks());
        let take = move |message: Received| {
            let Received { tag, redelivered, properties, body } = message;
            let ack = AckHandle::new(tag, Arc::clone(&acks));
            let redeliveries = delivery_count(&properties);
            sink.deliver(Delivery { route, body, properties, redelivered, redeliveries, ack });
        };
        let queue = &source.queue.name;
        let ended = channel
            .consume(queue, tag, take)
            .await
            .map_err(|e| (format!("to consume queue `{queue}`"), e))?;
        Ok(Box::pin(ended))
    }

    /// The end of a subscription: what is its alone is deleted, what is unacknowledged goes back.
    pub(super) async fn close(&self, active: Active) {
        let owned: Vec<&Source> = self.sources.iter().filter(|source| source.owned).collect();
        let channel = match (owned.is_empty(), active.shared) {
            (true, _) => None,
            // The broker may refuse to delete, too.
            (false, true) => active.connection.channel().await.ok(),
            (false, false) => Some(active.channel.clone()),
        };
        if let Some(channel) = channel {
            for source in owned {
                if let Err(error) = channel.delete_queue(&source.queue.name).await {
                    tracing::debug!(queue = %source.queue.name, %error, "the queue could not be deleted; it expires by itself");
                }
            }
        }
        active.leave().await;
    }
}

impl Active {
    fn on(up: &Up, channel: Channel) -> Self {
        let (connection, shared, before) = (up.connection.clone(), false, None);
        Self { connection, channel, shared, before, tags: Vec::new(), consumers: FuturesUnordered::new() }
    }

    fn add(&mut self, tag: u32, ended: Ended) {
        self.tags.push(tag);
        self.consumers.push(ended);
    }

    /// Resolves when one of the consumers has ended; with the error, unless the broker has cancelled it.
    pub(super) async fn ended(&mut self) -> Option<AmqpError> {
        self.consumers.next().await.flatten()
    }

    /// No delivery comes after this: the consumers are driven to their end.
    pub(super) async fn cancel(&mut self) {
        let (channel, tags) = (&self.channel, &self.tags);
        let cancelling = async {
            for tag in tags {
                // Fails only when the channel is gone, and its consumers with it.
                let _ = channel.cancel(*tag).await;
            }
        };
        let draining = async { while self.consumers.next().await.is_some() {} };
        tokio::join!(cancelling, draining);
    }

    /// Gives back what is unacknowledged.
    pub(super) async fn leave(mut self) {
        if !self.shared {
            return self.channel.close().await;
        }
        if !self.consumers.is_empty() {
            self.cancel().await;
        }
        self.tags.iter().for_each(|tag| self.channel.give_back(*tag));
        if let Some(before) = self.before.as_ref().and_then(WeakChannel::upgrade) {
            before.close().await;
        }
    }
}

/// Ends the consumer under which a queue was tried.
async fn stop(own: &Channel, tag: u32, mut ended: Ended, source: &Source) -> Result<(), Failure> {
    let failure = |error| (format!("to go on consuming queue `{}`", source.queue.name), error);
    if let Some(error) = ended.as_mut().now_or_never() {
        return Err(failure(error.unwrap_or_else(|| gone("the queue was deleted"))));
    }
    let (cancelled, _) = tokio::join!(own.cancel(tag), ended);
    cancelled.map_err(failure)
}

fn gone(text: &str) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text: text.to_owned() }
}

/// 0 is no limit, in place of whatever limit the channel has had before.
async fn limit(channel: &Channel, prefetch: u16) -> Result<(), Failure> {
    channel.prefetch(prefetch).await.map_err(|e| ("the prefetch limit".to_owned(), e))
}

/// How often a quorum queue has delivered a message before; other queues do not count.
fn delivery_count(properties: &Properties) -> Option<u64> {
    match properties.header("x-delivery-count") {
        Some(&Header::Integer(count)) => u64::try_from(count).ok(),
        _ => None,
    }
}
