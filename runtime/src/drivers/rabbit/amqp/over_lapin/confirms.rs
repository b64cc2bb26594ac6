//! Pairs the broker's confirmations and returns with the messages they are about.
//!
//! A returned message is matched by the `_unique_id` in its body and by nothing else, because lapin hands it to any of
//! the publishes that are confirmed with it. A publish is therefore settled only when every confirmation of its batch
//! has been looked at.

use super::channel::{Published, Publishing};
use super::{Channel, convert};
use crate::drivers::rabbit::amqp::{AmqpError, Message, OnOutcome, Outcome, Scope};
use crate::id::MessageId;
use crate::wire::WireFormat;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lapin::Confirmation;
use lapin::message::BasicReturnMessage;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tokio::sync::mpsc;

/// A channel in confirm mode, and the task that settles what is published on it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Confirms {
    channel: Channel,
    queue: mpsc::UnboundedSender<Entry>,
    /// One publish at a time: lapin counts a message before it queues its frames, so two at once can change places, and
    /// then each is settled by the other's confirmation. Held until the entry is in the queue too. Counts
    /// the messages.
    turn: Arc<Mutex<u64>>,
}

struct Entry {
    number: u64,
    publishing: Publishing,
    on_outcome: OnOutcome,
}

impl Confirms {
    /// Puts `channel` into confirm mode. The settling task runs on the current runtime until the last clone is gone and
    /// every message is settled.
    pub(in crate::drivers::rabbit) async fn start(
        channel: Channel,
        format: Arc<dyn WireFormat>,
    ) -> Result<Self, AmqpError> {
        channel.confirm_mode().await?;
        let (queue, entries) = mpsc::unbounded_channel();
        let turn = Arc::default();
        tokio::spawn(settle(channel.clone(), entries, Arc::clone(&turn), format));
        Ok(Self { channel, queue, turn })
    }

    /// Whether messages can be published.
    pub(in crate::drivers::rabbit) fn is_open(&self) -> bool {
        self.channel.is_open()
    }

    /// Publishes; returns at once. Messages leave in the order of calls.
    pub(in crate::drivers::rabbit) fn publish(&self, message: Message, on_outcome: OnOutcome) {
        let names = (convert::short(&message.exchange), convert::short(&message.routing_key));
        let (exchange, key) = match names {
            (Ok(exchange), Ok(key)) => (exchange, key),
            (Err(error), _) | (_, Err(error)) => {
                return on_outcome(Outcome::Unsendable(error), Some(message));
            }
        };
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let publishing = match self.channel.publish(message, exchange, key) {
            Ok(publishing) => publishing,
            Err(given_back) => {
                drop(turn);
                let (error, message) = *given_back;
                return on_outcome(Outcome::TooLate(error), Some(message));
            }
        };
        *turn += 1;
        let number = *turn;
        let queued = self.queue.send(Entry { number, publishing, on_outcome });
        drop(turn);
        if let Err(mpsc::error::SendError(entry)) = queued {
            let text = "the driver has stopped".to_owned();
            let error = AmqpError { code: None, scope: Scope::Connection, text };
            (entry.on_outcome)(Outcome::Lost { number, error }, None);
        }
    }
}

struct Settled {
    message: Message,
    on_outcome: OnOutcome,
    outcome: Outcome,
}

/// The futures under way, with the returned messages that they brought.
struct Pool {
    publishing: FuturesUnordered<Waiting>,
    returned: HashMap<MessageId, Outcome>,
    format: Arc<dyn WireFormat>,
}

struct Waiting {
    number: u64,
    on_outcome: Option<OnOutcome>,
    publishing: Publishing,
}

impl Future for Waiting {
    type Output = (u64, OnOutcome, Published, Message);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (result, message) = std::task::ready!(self.publishing.as_mut().poll(cx));
        match self.on_outcome.take() {
            Some(on_outcome) => Poll::Ready((self.number, on_outcome, result, message)),
            // Polled again after it was ready, which `FuturesUnordered` never does.
            None => Poll::Pending,
        }
    }
}

async fn settle(
    channel: Channel,
    mut entries: mpsc::UnboundedReceiver<Entry>,
    turn: Arc<Mutex<u64>>,
    format: Arc<dyn WireFormat>,
) {
    let mut pool = Pool { publishing: FuturesUnordered::new(), returned: HashMap::new(), format };
    let mut open = true;
    while open || !pool.publishing.is_empty() {
        let mut batch = Vec::new();
        poll_fn(|cx| {
            while open {
                match entries.poll_recv(cx) {
                    Poll::Ready(Some(entry)) => pool.add(entry),
                    Poll::Ready(None) => open = false,
                    Poll::Pending => break,
                }
            }
            pool.drain(cx, &mut batch);
            if batch.is_empty() && (open || !pool.publishing.is_empty()) {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
        // Whatever was confirmed together with this batch has been woken once the barrier returns, and is in the queue
        // once a turn has passed, so one more look finds its returned messages. What that look settles besides
        // belongs to a later batch.
        while !batch.is_empty() {
            channel.settle_barrier();
            drop(turn.lock().unwrap_or_else(PoisonError::into_inner));
            while let Ok(entry) = entries.try_recv() {
                pool.add(entry);
            }
            let mut later = Vec::new();
            poll_fn(|cx| {
                pool.drain(cx, &mut later);
                Poll::Ready(())
            })
            .await;
            pool.tell(std::mem::replace(&mut batch, later));
        }
    }
}

impl Pool {
    fn add(&mut self, entry: Entry) {
        let Entry { number, publishing, on_outcome } = entry;
        self.publishing.push(Waiting { number, on_outcome: Some(on_outcome), publishing });
    }

    /// Takes everything that is ready. `FuturesUnordered` may say "pending" while it has woken itself to go on: only a
    /// "pending" without that is believed.
    fn drain(&mut self, cx: &mut Context<'_>, into: &mut Vec<Settled>) {
        let flag = Arc::new(SelfWake { woken: AtomicBool::new(false), outer: cx.waker().clone() });
        let waker = Waker::from(Arc::clone(&flag));
        let mut cx = Context::from_waker(&waker);
        loop {
            flag.woken.store(false, Ordering::Relaxed);
            match self.publishing.poll_next_unpin(&mut cx) {
                Poll::Ready(Some((number, on_outcome, result, message))) => {
                    let outcome = self.outcome(number, result);
                    into.push(Settled { message, on_outcome, outcome });
                }
                Poll::Ready(None) => return,
                Poll::Pending if flag.woken.load(Ordering::Relaxed) => {}
                Poll::Pending => return,
            }
        }
    }

    fn outcome(&mut self, number: u64, result: Published) -> Outcome {
        let (outcome, returned) = match result.and_then(|told| told) {
            Ok(Confirmation::Ack(returned)) => (Outcome::Confirmed, returned),
            Ok(Confirmation::Nack(returned)) => (Outcome::Refused, returned),
            Ok(Confirmation::NotRequested) => (Outcome::Confirmed, None),
            Err(error) => (Outcome::Lost { number, error: convert::error(&error) }, None),
        };
        if let Some(message) = returned {
            self.note_returned(&message);
        }
        outcome
    }

    fn note_returned(&mut self, message: &BasicReturnMessage) {
        let properties = convert::from_lapin(&message.delivery.properties);
        if let Some(unique_id) = self.format.unique_id(&message.delivery.data, &properties) {
            let text = message.reply_text.to_string();
            self.returned.insert(unique_id, Outcome::Returned { code: message.reply_code, text });
        } else {
            tracing::warn!(
                bytes = message.delivery.data.len(),
                "the broker returned a message without a readable id"
            );
        }
    }

    fn tell(&mut self, batch: Vec<Settled>) {
        for Settled { message, on_outcome, outcome } in batch {
            // What was returned is in no queue, whatever became of its confirmation.
            let outcome = self.returned.remove(&message.unique_id).unwrap_or(outcome);
            on_outcome(outcome, Some(message));
        }
    }
}

struct SelfWake {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for SelfWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Relaxed);
        self.outer.wake_by_ref();
    }
}
