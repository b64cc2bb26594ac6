//! What is known of one channel, and what is left of it at its end. Lives under the connection's lock.

use super::super::{AmqpError, Outcome, Received, Scope};
use super::acks::Acks;
use super::window::{Settled, Window};
use amq_protocol::protocol::AMQPClass;
use amq_protocol::types::ShortString;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio::sync::oneshot;

/// Takes the messages of a consumer.
pub(super) type Take = Arc<Mutex<dyn FnMut(Received) + Send>>;

/// Which consumer it is, without keeping what it takes messages with.
pub(super) type WeakTake = Weak<Mutex<dyn FnMut(Received) + Send>>;

/// What a broker answers to a method.
pub(super) type Answer = Result<AMQPClass, AmqpError>;

/// One channel.
pub(super) struct ChannelState {
    pub(super) life: Arc<Life>,
    /// We have asked to close it; what comes for it until the broker's answer is for nobody.
    pub(super) closing: bool,
    /// What the broker will answer to, in this order.
    pub(super) questions: VecDeque<Question>,
    pub(super) consumers: Vec<Consumer>,
    pub(super) acks: Acks,
    pub(super) window: Option<Window>,
}

/// A question to the broker.
pub(super) enum Question {
    /// Somebody waits for the answer.
    Of(oneshot::Sender<Answer>),
    /// The answer says that the messages up to this number are routed.
    Routed { up_to: u64 },
}

/// What a channel's users know of it without the lock. A channel's number is given again, its life is not.
#[derive(Default)]
pub(super) struct Life {
    over: AtomicBool,
    reason: OnceLock<AmqpError>,
}

impl Life {
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(super) fn end(&self, reason: AmqpError) {
        // The first reason is the true one.
        let _ = self.reason.set(reason);
        self.over.store(true, Ordering::Release);
    }

    pub(super) fn reason(&self) -> AmqpError {
        self.reason.get().cloned().unwrap_or_else(|| closed("the channel"))
    }
}

pub(super) struct Consumer {
    pub(super) tag: ShortString,
    pub(super) take: Take,
    ended: oneshot::Sender<Option<AmqpError>>,
}

/// What has come to its end: answers, and what is left of channels and consumers. Told, and dropped, without the lock.
#[derive(Default)]
pub(super) struct Remains {
    pub(super) answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    pub(super) settled: Vec<Settled>,
    pub(super) consumers: Vec<(Consumer, Option<AmqpError>)>,
}

impl Remains {
    pub(super) fn tell(self) {
        for (asked, answer) in self.answers {
            // Whoever asked may have given up.
            let _ = asked.send(answer);
        }
        for (Consumer { take, ended, .. }, error) in self.consumers {
            // Whoever dropped the consumer's future does not want to know.
            let _ = ended.send(error);
            drop(take);
        }
        self.settled.into_iter().for_each(Settled::tell);
    }
}

impl ChannelState {
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Closing is the last question; those before it that have no answer by then get none.
    pub(super) fn close_answered(&mut self, class: AMQPClass, remains: &mut Remains) {
        if let Some(Question::Of(asked)) = self.questions.pop_back() {
            remains.answers.push((asked, Ok(class)));
        }
    }

    /// The answer to the oldest question.
    pub(super) fn answered(&mut self, class: AMQPClass, remains: &mut Remains) {
        match self.questions.pop_front() {
            Some(Question::Of(asked)) => remains.answers.push((asked, Ok(class))),
            Some(Question::Routed { up_to }) => {
                if let Some(window) = &mut self.window {
                    window.settle(up_to, true, &Outcome::Confirmed, &mut remains.settled);
                }
            }
            None => {}
        }
    }

    /// The most deliveries that each consumer gets before it acknowledges one.
    pub(super) fn limit_prefetch(&mut self, count: u16) {
        self.acks.limit(count);
    }

    /// Messages can be published from now on.
    pub(super) fn set_window(&mut self, window: Window) {
        self.window = Some(window);
    }

    pub(super) fn add_consumer(
        &mut self,
        tag: ShortString,
        take: Take,
        ended: oneshot::Sender<Option<AmqpError>>,
    ) {
        self.consumers.push(Consumer { tag, take, ended });
    }

    /// A consumer gets nothing more.
    pub(super) fn remove_consumer(&mut self, tag: &str, remains: &mut Remains) {
        if let Some(place) = self.consumers.iter().position(|known| known.tag.as_str() == tag) {
            remains.consumers.push((self.consumers.swap_remove(place), None));
        }
    }

    pub(super) fn bury(self, error: &AmqpError, remains: &mut Remains) {
        let closing = self.closing;
        self.life.end(error.clone());
        let asked = self.questions.into_iter().filter_map(|question| match question {
            Question::Of(asked) => Some((asked, Err(error.clone()))),
            Question::Routed { .. } => None,
        });
        remains.answers.extend(asked);
        // A consumer whose channel was closed from here has simply ended.
        let reason = (!closing).then(|| error.clone());
        remains.consumers.extend(self.consumers.into_iter().map(|consumer| (consumer, reason.clone())));
        if let Some(window) = self.window {
            window.lose(error, &mut remains.settled);
        }
    }
}

pub(super) fn closed(what: &str) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text: format!("{what} is closed") }
}
