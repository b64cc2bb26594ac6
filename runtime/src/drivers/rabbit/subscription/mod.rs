//! One subscription: its declarations and its consumers, set up again after every loss.

mod active;
mod shared;

pub(super) use active::declare;
pub(super) use shared::SharedChannel;

use super::amqp::{AmqpError, Scope};
use super::in_vain::InVain;
use super::link::Link;
use super::refusal::advice;
use super::topology::Source;
use crate::transport::{BoxFuture, Consumer, DriverError, Sink};
use active::Active;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

/// What a subscription is made of.
pub(super) struct Plan {
    pub(super) sources: Vec<Source>,
    pub(super) prefetch: u16,
    pub(super) label: String,
    pub(super) sink: Arc<dyn Sink>,
    /// Where the consumers go in the end; none for a channel of their own.
    pub(super) shared: Option<SharedChannel>,
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
            let mut active = match self.set_up(&up).await {
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
                    } else {
                        tracing::warn!(label = %self.label, node = %up.node, %what, %error, "cannot consume");
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
                    active.leave().await;
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
}

enum Turn {
    Lost(Option<AmqpError>),
    Order(Option<Command>),
}

impl Active {
    async fn run(&mut self, orders: &mut mpsc::UnboundedReceiver<Command>) -> Turn {
        tokio::select! {
            error = self.ended() => Turn::Lost(error),
            order = orders.recv() => Turn::Order(order),
        }
    }
}

fn cancelled() -> String {
    "the broker cancelled the consumer: its queue was deleted".to_owned()
}
