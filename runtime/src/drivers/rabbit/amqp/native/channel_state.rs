//! What is known of one channel, and what is left of it at its end. Lives under the connection's lock.

use super::super::{AmqpError, Outcome, Received, Scope};
use super::acks::{Acks, Enough};
use super::window::{Settled, Window};
use amq_protocol::protocol::AMQPClass;
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use tokio::sync::oneshot;

/// Takes the messages of a consumer, until that is over.
pub(super) struct Taker {
    pub(super) tag: u32,
    over: AtomicBool,
    pub(super) take: Mutex<Box<dyn FnMut(Received) + Send>>,
}

impl Taker {
    pub(super) fn new(tag: u32, take: impl FnMut(Received) + Send + 'static) -> Arc<Self> {
        Arc::new(Self { tag, over: AtomicBool::new(false), take: Mutex::new(Box::new(take)) })
    }

    /// Whether it gets nothing more.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// What a broker answers to a method.
pub(super) type Answer = Result<AMQPClass, AmqpError>;

/// One channel.
pub(super) struct ChannelState {
    pub(super) life: Arc<Life>,
    /// We have asked to close it; what comes for it until the broker's answer is for nobody.
    pub(super) closing: bool,
    /// What the broker will answer to, in this order.
    pub(super) questions: VecDeque<Question>,
    /// By tag, and by age: until the broker's word that one has ended has come, there may be another with its tag.
    consumers: BTreeMap<(u32, u64), Consumer>,
    /// How many consumers there have been.
    added: u64,
    pub(super) acks: Acks,
    /// For the consumers that are added from now on.
    enough: Enough,
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

/// What takes messages here, and who waits for its end.
pub(super) struct Consumer {
    taker: Arc<Taker>,
    enough: Enough,
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
        for (Consumer { taker, ended, .. }, error) in self.consumers {
            // Whoever dropped the consumer's future does not want to know.
            let _ = ended.send(error);
            drop(taker);
        }
        self.settled.into_iter().for_each(Settled::tell);
    }
}

impl ChannelState {
    /// A channel of which nothing is known yet but its life.
    pub(super) fn new(life: Arc<Life>) -> Self {
        Self {
            life,
            closing: false,
            questions: VecDeque::new(),
            consumers: BTreeMap::new(),
            added: 0,
            acks: Acks::default(),
            enough: Enough::of(0),
            window: None,
        }
    }

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

    /// The most deliveries that each consumer that is added from now on gets before it acknowledges one.
    pub(super) fn limit_prefetch(&mut self, count: u16) {
        self.enough = Enough::of(count);
    }

    /// Messages can be published from now on.
    pub(super) fn set_window(&mut self, window: Window) {
        self.window = Some(window);
    }

    pub(super) fn add_consumer(&mut self, taker: Arc<Taker>, ended: oneshot::Sender<Option<AmqpError>>) {
        self.added += 1;
        let (key, enough) = ((taker.tag, self.added), self.enough);
        self.consumers.insert(key, Consumer { taker, enough, ended });
    }

    /// Who takes this delivery. It is outstanding from now on.
    pub(super) fn delivered(&mut self, consumer: u32, tag: u64) -> Option<Arc<Taker>> {
        let (_, Consumer { taker, enough, .. }) = self.consumers.range(with_tag(consumer)).next()?;
        self.acks.delivered(tag, consumer, *enough);
        Some(Arc::clone(taker))
    }

    /// A consumer gets nothing more: the oldest with this tag.
    pub(super) fn remove_consumer(&mut self, tag: u32) -> Option<Consumer> {
        let oldest = *self.consumers.range(with_tag(tag)).next()?.0;
        self.remove(oldest)
    }

    /// The same, if it is this one and not the next of its tag.
    pub(super) fn remove_this_consumer(&mut self, tag: u32, taker: &Weak<Taker>) -> Option<Consumer> {
        let is_it = |known: &Consumer| Weak::ptr_eq(&Arc::downgrade(&known.taker), taker);
        let mut with_tag = self.consumers.range(with_tag(tag));
        let found = *with_tag.find(|(_, known)| is_it(known))?.0;
        self.remove(found)
    }

    fn remove(&mut self, key: (u32, u64)) -> Option<Consumer> {
        let removed = self.consumers.remove(&key)?;
        removed.taker.over.store(true, Ordering::Release);
        Some(removed)
    }

    /// Its consumers get nothing more, not even what has half come.
    pub(super) fn stop_taking(&self) {
        self.consumers.values().for_each(|consumer| consumer.taker.over.store(true, Ordering::Release));
    }

    pub(super) fn bury(self, error: &AmqpError, remains: &mut Remains) {
        let closing = self.closing;
        self.stop_taking();
        self.life.end(error.clone());
        let asked = self.questions.into_iter().filter_map(|question| match question {
            Question::Of(asked) => Some((asked, Err(error.clone()))),
            Question::Routed { .. } => None,
        });
        remains.answers.extend(asked);
        // A consumer whose channel was closed from here has simply ended.
        let reason = (!closing).then(|| error.clone());
        remains.consumers.extend(self.consumers.into_values().map(|consumer| (consumer, reason.clone())));
        if let Some(window) = self.window {
            window.lose(error, &mut remains.settled);
        }
    }
}

fn with_tag(tag: u32) -> RangeInclusive<(u32, u64)> {
    (tag, 0)..=(tag, u64::MAX)
}

pub(super) fn closed(what: &str) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text: format!("{what} is closed") }
}
