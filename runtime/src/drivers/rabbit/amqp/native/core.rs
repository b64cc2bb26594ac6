//! What the users of a connection and its I/O task share: the bytes to write, the channels, and how it ended.
//!
//! One lock. Nothing of a user's runs under it: closures are called, and dropped, after it is let go.

use super::super::{AmqpError, Event, Received, Scope};
use super::acks::Acks;
use super::codec;
use super::window::{Settled, Window};
use amq_protocol::protocol::{AMQPClass, channel, connection};
use futures_util::task::AtomicWaker;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

/// Takes the messages of a consumer.
pub(super) type Take = Arc<Mutex<dyn FnMut(Received) + Send>>;

/// What a broker answers to a method.
pub(super) type Answer = Result<AMQPClass, AmqpError>;

pub(super) struct Core {
    state: Mutex<State>,
    io: AtomicWaker,
    events: mpsc::UnboundedSender<Event>,
    /// Becomes true with the end.
    ended: watch::Sender<bool>,
    pub(super) frame_max: usize,
    channel_max: u16,
}

pub(super) struct State {
    /// What the I/O task writes next.
    pub(super) out: Vec<u8>,
    /// The I/O task will look at this state before it sleeps.
    awake: bool,
    /// Channels with unwritten acknowledgements.
    acking: Vec<u16>,
    pub(super) channels: BTreeMap<u16, ChannelState>,
    /// We have said good-bye, or the broker has.
    closing: bool,
    end: Option<AmqpError>,
}

/// One channel.
pub(super) struct ChannelState {
    pub(super) life: Arc<Life>,
    /// We have asked to close it; what comes for it until the broker's answer is for nobody.
    closing: bool,
    /// Who waits for answers, in the order of the questions.
    answers: VecDeque<oneshot::Sender<Answer>>,
    consumers: Vec<Consumer>,
    acks: Acks,
    window: Option<Window>,
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

    fn end(&self, reason: AmqpError) {
        // The first reason is the true one.
        let _ = self.reason.set(reason);
        self.over.store(true, Ordering::Release);
    }

    fn reason(&self) -> AmqpError {
        self.reason.get().cloned().unwrap_or_else(|| closed("the channel"))
    }
}

struct Consumer {
    tag: String,
    take: Take,
    ended: oneshot::Sender<Option<AmqpError>>,
}

/// What is left of channels and consumers that are gone: dropped, and told, without the lock.
#[derive(Default)]
pub(super) struct Remains {
    settled: Vec<Settled>,
    consumers: Vec<(Consumer, Option<AmqpError>)>,
}

impl Remains {
    pub(super) fn tell(self) {
        for (Consumer { take, ended, .. }, error) in self.consumers {
            // Whoever dropped the consumer's future does not want to know.
            let _ = ended.send(error);
            drop(take);
        }
        self.settled.into_iter().for_each(Settled::tell);
    }
}

impl Core {
    pub(super) fn new(frame_max: usize, channel_max: u16, events: mpsc::UnboundedSender<Event>) -> Self {
        let state = State {
            out: Vec::new(),
            awake: true,
            acking: Vec::new(),
            channels: BTreeMap::new(),
            closing: false,
            end: None,
        };
        let ended = watch::Sender::new(false);
        Self { state: Mutex::new(state), io: AtomicWaker::new(), events, ended, frame_max, channel_max }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state; the I/O task looks at it if it sleeps and there is something to write.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        let wake = state.has_output() && !std::mem::replace(&mut state.awake, true);
        drop(state);
        if wake {
            self.io.wake();
        }
        result
    }

    /// For the I/O task: who is to be woken.
    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.io.register(waker);
    }

    /// Nobody listens when the driver has given the connection up.
    pub(super) fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// A new channel, whose opening is written next.
    pub(super) fn open_channel(&self) -> Result<(u16, Arc<Life>, oneshot::Receiver<Answer>), AmqpError> {
        self.with(|state| {
            state.check()?;
            // The map is ascending, so the first number that is not its place is free.
            let taken = state.channels.keys().zip(1..).take_while(|(id, place)| **id == *place).count();
            let id = u16::try_from(taken + 1).ok().filter(|id| *id <= self.channel_max);
            let id = id.ok_or_else(|| {
                let text = format!("all {} channels of the connection are in use", self.channel_max);
                AmqpError { code: None, scope: Scope::Channel, text }
            })?;
            let open = channel::AMQPMethod::Open(channel::Open {});
            codec::put_method(&mut state.out, id, AMQPClass::Channel(open))?;
            let (answer, wait) = oneshot::channel();
            let life = Arc::new(Life::default());
            let new = ChannelState {
                life: Arc::clone(&life),
                closing: false,
                answers: VecDeque::from([answer]),
                consumers: Vec::new(),
                acks: Acks::default(),
                window: None,
            };
            state.channels.insert(id, new);
            Ok((id, life, wait))
        })
    }

    /// Asks the broker to close the connection, once.
    pub(super) fn begin_close(&self) {
        let close = connection::Close { reply_code: 200, reply_text: "OK".into(), class_id: 0, method_id: 0 };
        self.with(|state| {
            if state.check().is_ok() {
                state.closing = true;
                let close = AMQPClass::Connection(connection::AMQPMethod::Close(close));
                // Encoding these four values cannot fail; without them the broker notices the closed socket.
                let _ = codec::put_method(&mut state.out, 0, close);
            }
        });
    }

    /// Resolves when nothing of the connection is left.
    pub(super) async fn ended(&self) {
        // An error means that the sender is gone, and it is part of this value.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// The connection is gone: everything that waits learns of it.
    pub(super) fn end(&self, error: AmqpError) {
        let mut remains = Remains::default();
        let mut state = self.lock();
        state.end.get_or_insert_with(|| error.clone());
        state.out = Vec::new();
        for (_, channel) in std::mem::take(&mut state.channels) {
            channel.bury(&error, &mut remains);
        }
        drop(state);
        remains.tell();
        self.tell(Event::Lost(error));
        self.ended.send_replace(true);
    }
}

impl State {
    /// Whether anything can be sent.
    pub(super) fn check(&self) -> Result<(), AmqpError> {
        match &self.end {
            Some(end) => Err(end.clone()),
            None if self.closing => Err(closed("the connection")),
            None => Ok(()),
        }
    }

    /// The channel of this life, if it can be used.
    pub(super) fn channel(&mut self, id: u16, life: &Arc<Life>) -> Result<&mut ChannelState, AmqpError> {
        self.check()?;
        let found = self.channels.get_mut(&id).filter(|found| Arc::ptr_eq(&found.life, life));
        found.filter(|found| !found.closing).ok_or_else(|| life.reason())
    }

    /// Queues a method and whoever waits for its answer.
    pub(super) fn ask(
        &mut self,
        id: u16,
        life: &Arc<Life>,
        class: AMQPClass,
    ) -> Result<oneshot::Receiver<Answer>, AmqpError> {
        self.channel(id, life)?;
        codec::put_method(&mut self.out, id, class)?;
        let (answer, wait) = oneshot::channel();
        self.channel(id, life)?.answers.push_back(answer);
        Ok(wait)
    }

    /// A channel's user is done with it: asks the broker to close it.
    pub(super) fn close_channel(&mut self, id: u16, life: &Arc<Life>) -> Option<oneshot::Receiver<Answer>> {
        let close = channel::Close { reply_code: 200, reply_text: "OK".into(), class_id: 0, method_id: 0 };
        self.write_acks();
        let wait = self.ask(id, life, AMQPClass::Channel(channel::AMQPMethod::Close(close))).ok()?;
        let channel = self.channels.get_mut(&id)?;
        channel.closing = true;
        channel.life.end(closed("the channel"));
        Some(wait)
    }

    /// A delivery is done with.
    pub(super) fn ack(&mut self, id: u16, life: &Arc<Life>, tag: u64) {
        if self.channel(id, life).is_ok_and(|channel| channel.acks.ack(tag)) {
            self.acking.push(id);
        }
    }

    /// Settles a delivery by other means; whether it was outstanding.
    pub(super) fn settle(&mut self, id: u16, life: &Arc<Life>, tag: u64) -> bool {
        self.channel(id, life).is_ok_and(|channel| channel.acks.settle(tag))
    }

    /// Turns gathered acknowledgements into frames.
    pub(super) fn write_acks(&mut self) {
        for id in self.acking.drain(..) {
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            if !channel.closing {
                channel.acks.write(|tag, multiple| codec::put_ack(&mut self.out, id, tag, multiple));
            }
        }
    }

    fn has_output(&self) -> bool {
        !(self.out.is_empty() && self.acking.is_empty())
    }

    /// For the I/O task: takes what is to be written.
    pub(super) fn take_output(&mut self, into: &mut Vec<u8>) -> bool {
        self.write_acks();
        std::mem::swap(&mut self.out, into);
        !into.is_empty()
    }

    /// For the I/O task: whether there is nothing to do until it is woken.
    pub(super) fn may_sleep(&mut self, cannot_write: bool) -> bool {
        self.awake = !cannot_write && self.has_output();
        !self.awake
    }

    /// Whether we have said good-bye.
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// The broker has said good-bye: our answer is the last thing that is written.
    pub(super) fn answer_close(&mut self) {
        self.closing = true;
        let ok = AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}));
        // It has no arguments that could fail to encode.
        let _ = codec::put_method(&mut self.out, 0, ok);
    }

    /// A channel is gone: by the broker's will (`error`), or by ours.
    pub(super) fn remove_channel(&mut self, id: u16, error: Option<AmqpError>, remains: &mut Remains) {
        if let Some(channel) = self.channels.remove(&id) {
            channel.bury(&error.unwrap_or_else(|| closed("the channel")), remains);
        }
    }
}

impl ChannelState {
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Closing is the last question; those before it that have no answer by then get none.
    pub(super) fn close_answered(&mut self, class: AMQPClass) {
        if let Some(answer) = self.answers.pop_back() {
            let _ = answer.send(Ok(class));
        }
    }

    /// The answer to the oldest question.
    pub(super) fn answered(&mut self, class: AMQPClass) {
        if let Some(answer) = self.answers.pop_front() {
            // Whoever asked may have given up.
            let _ = answer.send(Ok(class));
        }
    }

    pub(super) fn confirm_mode(&mut self, window: Window) {
        self.window = Some(window);
    }

    pub(super) fn window(&mut self) -> Option<&mut Window> {
        self.window.as_mut()
    }

    pub(super) fn add_consumer(
        &mut self,
        tag: String,
        take: Take,
        ended: oneshot::Sender<Option<AmqpError>>,
    ) {
        self.consumers.push(Consumer { tag, take, ended });
    }

    /// Who takes this delivery. It is outstanding from now on, whoever does.
    pub(super) fn delivered(&mut self, consumer: &str, tag: u64) -> Option<Take> {
        if self.closing {
            return None;
        }
        self.acks.delivered(tag);
        let found = self.consumers.iter().find(|known| known.tag == consumer)?;
        Some(Arc::clone(&found.take))
    }

    /// A consumer gets nothing more.
    pub(super) fn remove_consumer(&mut self, tag: &str, remains: &mut Remains) {
        if let Some(place) = self.consumers.iter().position(|known| known.tag == tag) {
            remains.consumers.push((self.consumers.swap_remove(place), None));
        }
    }

    fn bury(self, error: &AmqpError, remains: &mut Remains) {
        let closing = self.closing;
        self.life.end(error.clone());
        for answer in self.answers {
            let _ = answer.send(Err(error.clone()));
        }
        // A consumer whose channel was closed from here has simply ended.
        let reason = (!closing).then(|| error.clone());
        remains.consumers.extend(self.consumers.into_iter().map(|consumer| (consumer, reason.clone())));
        if let Some(window) = self.window {
            window.lose(error, &mut remains.settled);
        }
    }
}

fn closed(what: &str) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text: format!("{what} is closed") }
}
