//! What the broker has to tell others: deliveries, outcomes, signals. They are collected while the broker's lock is
//! held and run afterwards, in order, by one thread at a time.

use super::broker::MemoryBroker;
use super::queue::Message;
use super::queues::now;
use super::state::Arrival;
use crate::transport::{AckHandle, Confirmed, Delivery, PublishError, Settled, Sink};
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Something to tell somebody outside the broker.
pub(super) enum Effect {
    /// The outcome of a publish.
    Settle(Settled, Result<Confirmed, PublishError>),
    /// A delivery.
    Deliver { sink: Arc<dyn Sink>, route: usize, message: Arc<Message>, redelivered: bool, ack: AckHandle },
    /// A message that is on its way for a while.
    Later(Duration, Arrival),
    /// A consumer was cut off, as by the loss of its connection.
    Interrupted { sink: Arc<dyn Sink>, label: String },
    /// A subscription is over. Its sink is dropped here, because its owner may use the broker when it goes.
    Over(Arc<dyn Sink>),
    /// Everything before this has been told.
    Reached(oneshot::Sender<()>),
}

impl Effect {
    /// Tells it. A panic of the one who is told is his own: it is logged, and the broker goes on for the others.
    pub(super) fn run(self, broker: &MemoryBroker) {
        let told = catch_unwind(AssertUnwindSafe(|| match self {
            Self::Settle(settled, outcome) => settled(outcome),
            Self::Deliver { sink, route, message, redelivered, ack } => {
                // Copied only where its queue may have to deliver it again, or another queue has it too.
                let (body, properties) = match Arc::try_unwrap(message) {
                    Ok(Message { body, properties, .. }) => (body, properties),
                    Err(message) => (message.body.clone(), message.properties.clone()),
                };
                sink.deliver(Delivery { route, body, properties, redelivered, redeliveries: None, ack });
            }
            Self::Later(after, arrival) => later(broker.clone(), after, arrival),
            Self::Interrupted { sink, label } => {
                // Here, not under the broker's lock: a log may publish what it is told.
                tracing::info!(label, "consumer cut off and back");
                sink.connection_lost();
                sink.interrupted();
            }
            Self::Over(sink) => drop(sink),
            // Nobody waits any more: nothing to tell.
            Self::Reached(signal) => drop(signal.send(())),
        }));
        if told.is_err() {
            tracing::error!("a callback of a transport panicked; its message stays unacknowledged");
        }
    }
}

/// Lets a message arrive after a while; at once where there is no runtime to wait in.
fn later(broker: MemoryBroker, after: Duration, arrival: Arrival) {
    let arrive = move |broker: MemoryBroker| broker.operate(|state| state.arrive(arrival, now()));
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(async move {
            tokio::time::sleep(after).await;
            arrive(broker);
        })),
        Err(_) => arrive(broker),
    }
}

/// Effects not yet run, and whether somebody is running them.
#[derive(Default)]
pub(super) struct RunQueue {
    waiting: VecDeque<Effect>,
    running: bool,
}

impl RunQueue {
    pub(super) fn push(&mut self, effect: Effect) {
        self.waiting.push_back(effect);
    }

    /// What the caller has to run, if there is something and nobody else is at it.
    pub(super) fn begin(&mut self) -> Option<VecDeque<Effect>> {
        if self.running || self.waiting.is_empty() {
            return None;
        }
        self.running = true;
        Some(std::mem::take(&mut self.waiting))
    }

    /// What has come up meanwhile; after `None` the caller's turn is over. `done` is the emptied batch, for reuse.
    pub(super) fn more(&mut self, done: VecDeque<Effect>) -> Option<VecDeque<Effect>> {
        let more = std::mem::replace(&mut self.waiting, done);
        self.running = !more.is_empty();
        self.running.then_some(more)
    }

    /// Ends a turn before its time; the next one to do something goes on. `done` is the emptied batch, for reuse.
    pub(super) fn abandon(&mut self, done: VecDeque<Effect>) {
        if self.waiting.is_empty() {
            self.waiting = done;
        }
        self.running = false;
    }
}

impl fmt::Debug for RunQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunQueue")
            .field("waiting", &self.waiting.len())
            .field("running", &self.running)
            .finish()
    }
}
