//! One subscription: its channel, its declarations and its consumers, set up again after every loss.

use super::amqp::{AmqpError, Channel, Received, Scope};
use super::in_vain::InVain;
use super::link::Link;
use super::refusal::advice;
use super::topology::Source;
use crate::transport::{AckHandle, BoxFuture, Consumer, Delivery, DriverError, Sink};
use crate::wire::{Header, Properties};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// What a subscription is made of.
pub(super) struct Plan {
    pub(super) sources: Vec<Source>,
    pub(super) prefetch: u16,
    pub(super) label: String,
    pub(super) sink: Arc<dyn Sink>,
}

enum Command {
    Cancel(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// The user's end of a running subscription.
pub(super) struct RunningConsumer {
    commands: mpsc::UnboundedSender<Command>,
}

impl RunningConsumer {
    fn command(&self, command: fn(oneshot::Sender<()>) -> Command) -> BoxFuture<'_, ()> {
        let (done, wait) = oneshot::channel();
        let sent = self.commands.send(command(done)).is_ok();
        Box::pin(async move {
            if sent {
                // An error means that the subscription's task has ended: nothing is left to wait for.
                let _ = wait.await;
            }
        })
    }
}

impl Consumer for RunningConsumer {
    fn cancel(&self) -> BoxFuture<'_, ()> {
        self.command(Command::Cancel)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.command(Command::Close)
    }
}

/// Declares a queue, its exchange and its binding, in Python's order.
pub(super) async fn declare(channel: &Channel, source: &Source) -> Result<(), AmqpError> {
    if let Some((exchange, _)) = &source.bound_to {
        channel.declare_exchange(exchange).await?;
    }
    channel.declare_queue(&source.queue).await?;
    if let Some((exchange, key)) = &source.bound_to {
        channel.bind(&source.queue.name, &exchange.name, key).await?;
    }
    Ok(())
}

type Ended = std::pin::Pin<Box<dyn Future<Output = Option<AmqpError>> + Send>>;

/// A set-up subscription on one incarnation of its channel.
struct Active {
    channel: Channel,
    consumers: FuturesUnordered<Ended>,
    tags: Vec<String>,
}

impl Plan {
    /// Runs until it is closed or dropped by its user, or the link is closed. `accepted` learns of the first set-up.
    pub(super) fn start(
        self,
        link: Link,
        accepted: oneshot::Sender<Result<Box<dyn Consumer>, DriverError>>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (commands, orders) = mpsc::unbounded_channel();
        self.run(link, orders, accepted, RunningConsumer { commands })
    }

    async fn run(
        self,
        link: Link,
        mut orders: mpsc::UnboundedReceiver<Command>,
        accepted: oneshot::Sender<Result<Box<dyn Consumer>, DriverError>>,
        consumer: RunningConsumer,
    ) {
        let mut first = Some((accepted, consumer));
        let mut in_vain = InVain::default();
        loop {
            let ready = async {
                in_vain.pause(&link).await;
                link.up().await
            };
            let up = match &mut first {
                Some((accepted, _)) => tokio::select! {
                    biased;
                    // Whoever waited for the first set-up has given up.
                    () = accepted.closed() => return,
                    up = ready => up,
                },
                None => tokio::select! {
                    up = ready => up,
                    order = orders.recv() => match order {
                        Some(Command::Cancel(done)) => {
                            let _ = done.send(());
                            return self.wait_for_close(orders, None).await;
                        }
                        Some(Command::Close(done)) => {
                            let _ = done.send(());
                            return;
                        }
                        None => return,
                    },
                },
            };
            let Some(up) = up else {
                if let Some((accepted, _)) = first {
                    let _ = accepted.send(Err(DriverError::Closed));
                }
                return;
            };
            let channel = match up.connection.channel().await {
                Ok(channel) => channel,
                Err(error) => {
                    tracing::warn!(label = %self.label, node = %up.node, %error, "cannot open a consumer channel");
                    in_vain.failed(&up, false);
                    continue;
                }
            };
            let mut active = match self.set_up(channel).await {
                Ok(active) => active,
                Err((what, error)) => {
                    let refused = error.scope == Scope::Channel && error.code.is_some();
                    if refused {
                        if let Some((accepted, _)) = first.take() {
                            let cause = format!("{error}{}", advice(&error));
                            let what = format!("{what} on {}", up.node);
                            let _ = accepted.send(Err(DriverError::Refused { what, cause }));
                            return;
                        }
                        tracing::error!(label = %self.label, node = %up.node, %what, %error, "the broker refused to consume again");
                    }
                    in_vain.failed(&up, refused);
                    continue;
                }
            };
            let since = Instant::now();
            tracing::debug!(label = %self.label, node = %up.node, "consuming");
            if let Some((accepted, consumer)) = first.take()
                && accepted.send(Ok(Box::new(consumer))).is_err()
            {
                return self.close(active).await;
            }
            match active.run(&mut orders).await {
                Turn::Lost(error) => {
                    let cause = error.as_ref().map_or_else(cancelled, AmqpError::to_string);
                    tracing::info!(label = %self.label, node = %up.node, %cause, "consumer lost, setting up again");
                    let lost = link.has_lost(&up, error.as_ref());
                    in_vain.ended(&up, since.elapsed(), lost);
                    if lost {
                        self.sink.connection_lost();
                    }
                    self.sink.interrupted();
                    active.channel.close().await;
                }
                Turn::Order(Some(Command::Cancel(done))) => {
                    active.cancel().await;
                    let _ = done.send(());
                    return self.wait_for_close(orders, Some(active)).await;
                }
                Turn::Order(Some(Command::Close(done))) => {
                    active.cancel().await;
                    self.close(active).await;
                    let _ = done.send(());
                    return;
                }
                Turn::Order(None) => {
                    active.cancel().await;
                    return self.close(active).await;
                }
            }
        }
    }

    /// Everything is declared before anything is consumed, as Python does.
    async fn set_up(&self, channel: Channel) -> Result<Active, (String, AmqpError)> {
        if self.prefetch > 0 {
            channel.prefetch(self.prefetch).await.map_err(|e| ("the prefetch limit".to_owned(), e))?;
        }
        for source in &self.sources {
            declare(&channel, source)
                .await
                .map_err(|e| (format!("the declaration of queue `{}`", source.queue.name), e))?;
        }
        let acks = channel.acks();
        let consumers: FuturesUnordered<Ended> = FuturesUnordered::new();
        let mut tags = Vec::new();
        for (route, source) in self.sources.iter().enumerate() {
            // Several routes may lead to one queue, as those of a pool do. It is consumed once, as in Python: each
            // consumer would get a share of its own.
            if self.sources.iter().take(route).any(|other| other.queue.name == source.queue.name) {
                continue;
            }
            let tag = (tags.len() + 1).to_string();
            let (sink, acks) = (Arc::clone(&self.sink), Arc::clone(&acks));
            let take = move |message: Received| {
                let Received { tag, redelivered, properties, body } = message;
                let ack = AckHandle::new(tag, Arc::clone(&acks));
                let redeliveries = delivery_count(&properties);
                sink.deliver(Delivery { route, body, properties, redelivered, redeliveries, ack });
            };
            let ended = channel.consume(&source.queue.name, &tag, take).await;
            let ended = ended.map_err(|e| (format!("to consume queue `{}`", source.queue.name), e))?;
            consumers.push(Box::pin(ended));
            tags.push(tag);
        }
        Ok(Active { channel, consumers, tags })
    }

    /// Cancelled: deliveries can still be acknowledged until the consumer is closed.
    async fn wait_for_close(&self, mut orders: mpsc::UnboundedReceiver<Command>, active: Option<Active>) {
        let done = loop {
            match orders.recv().await {
                Some(Command::Cancel(done)) => {
                    let _ = done.send(());
                }
                Some(Command::Close(done)) => break Some(done),
                None => break None,
            }
        };
        if let Some(active) = active {
            self.close(active).await;
        }
        if let Some(done) = done {
            let _ = done.send(());
        }
    }

    /// Deletes what is this consumer's alone; closing the channel gives back what is unacknowledged.
    async fn close(&self, active: Active) {
        for source in self.sources.iter().filter(|source| source.owned) {
            if let Err(error) = active.channel.delete_queue(&source.queue.name).await {
                tracing::debug!(queue = %source.queue.name, %error, "the queue could not be deleted; it expires by itself");
            }
        }
        active.channel.close().await;
    }
}

enum Turn {
    Lost(Option<AmqpError>),
    Order(Option<Command>),
}

impl Active {
    async fn run(&mut self, orders: &mut mpsc::UnboundedReceiver<Command>) -> Turn {
        tokio::select! {
            ended = self.consumers.next() => Turn::Lost(ended.flatten()),
            order = orders.recv() => Turn::Order(order),
        }
    }

    /// No delivery comes after this: the consumers are driven to their end.
    async fn cancel(&mut self) {
        let channel = self.channel.clone();
        let tags = std::mem::take(&mut self.tags);
        let cancelling = async {
            for tag in &tags {
                // Fails only when the channel is gone, and its consumers with it.
                let _ = channel.cancel(tag).await;
            }
        };
        let draining = async { while self.consumers.next().await.is_some() {} };
        tokio::join!(cancelling, draining);
    }
}

fn cancelled() -> String {
    "the broker cancelled the consumer: its queue was deleted".to_owned()
}

/// How often a quorum queue has delivered a message before; other queues do not count.
fn delivery_count(properties: &Properties) -> Option<u64> {
    match properties.header("x-delivery-count") {
        Some(&Header::Integer(count)) => u64::try_from(count).ok(),
        _ => None,
    }
}
