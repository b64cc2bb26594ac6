//! The state of a connection: the bytes to write, the channels, and how it ended. All of it lives under one lock, and waits
//! for nothing.

use super::super::{AmqpError, Assurance, Message, Outcome, Scope};
use super::acks::Unwritten;
use super::channel_state::{Answer, ChannelState, Life, Question, Remains, Taker, closed};
use super::codec;
use super::gather::Gathering;
use super::socket::Shortcut;
use super::window::{Unconfirmed, Window};
use crate::drivers::rabbit::traffic::Traffic;
use amq_protocol::protocol::{AMQPClass, basic, channel, connection};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use tokio::sync::oneshot;

/// More than this is left to the I/O task: it would hold up whoever writes it past the task.
const SHORT: usize = 16 << 10;

/// What is to be done for what was queued, after the lock is let go.
pub(super) enum Next {
    Nothing,
    /// The I/O task is to be woken.
    Wake,
    /// These bytes are to be written past the I/O task, and `State::written_past` to be told.
    Write(Vec<u8>, Shortcut),
}

pub(super) struct State {
    /// What is written next.
    pub(super) out: Vec<u8>,
    /// Gone with the connection, so that the socket is closed by then.
    shortcut: Option<Shortcut>,
    /// Somebody will look at this state before nobody does: the I/O task before it sleeps, or who writes past it.
    awake: bool,
    /// Somebody writes past the I/O task what comes before everything in `out`.
    past: bool,
    /// Channels with unwritten acknowledgements.
    acking: Vec<u16>,
    /// They are to be written now.
    acks_due: bool,
    /// Channels with messages of which the broker has not been asked.
    unsure: Vec<u16>,
    /// Acknowledgements wait for others for a moment after a delivery, when more are to be expected.
    pub(super) gathering: Gathering,
    /// The question whether messages were routed waits for more of them.
    pub(super) asking: Gathering,
    pub(super) channels: BTreeMap<u16, ChannelState>,
    /// We have said good-bye, or the broker has.
    closing: bool,
    end: Option<AmqpError>,
}

impl State {
    pub(super) fn new(shortcut: Option<Shortcut>) -> Self {
        Self {
            out: Vec::new(),
            shortcut,
            awake: true,
            past: false,
            acking: Vec::new(),
            acks_due: false,
            unsure: Vec::new(),
            gathering: Gathering::No,
            asking: Gathering::No,
            channels: BTreeMap::new(),
            closing: false,
            end: None,
        }
    }

    /// The connection is gone: nothing is written any more. Gives the channels there were.
    pub(super) fn end(&mut self, error: &AmqpError) -> impl Iterator<Item = ChannelState> + use<> {
        self.end.get_or_insert_with(|| error.clone());
        self.out = Vec::new();
        self.shortcut = None;
        std::mem::take(&mut self.channels).into_values()
    }

    /// Whether anything can be sent.
    pub(super) fn check(&self) -> Result<(), AmqpError> {
        match &self.end {
            Some(end) => Err(end.clone()),
            None if self.closing => Err(AmqpError { scope: Scope::Connection, ..closed("the connection") }),
            None => Ok(()),
        }
    }

    /// The channel of this life, if it can be used.
    pub(super) fn channel(&mut self, id: u16, life: &Arc<Life>) -> Result<&mut ChannelState, AmqpError> {
        self.check()?;
        usable(&mut self.channels, id, life)
    }

    /// A channel that nothing is known of yet.
    pub(super) fn insert_channel(&mut self, id: u16) -> Arc<Life> {
        let life = Arc::new(Life::default());
        self.channels.insert(id, ChannelState::new(Arc::clone(&life)));
        life
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
        self.channel(id, life)?.questions.push_back(Question::Of(answer));
        Ok(wait)
    }

    /// Queues a message's frames, and whoever waits for the broker's word on it; gives back what cannot be sent.
    pub(super) fn publish(
        &mut self,
        id: u16,
        life: &Arc<Life>,
        frame_max: usize,
        unconfirmed: Unconfirmed,
    ) -> Option<(Outcome, Unconfirmed)> {
        match self.put_publish(id, life, frame_max, &unconfirmed.message) {
            Ok(window) => {
                window.push(unconfirmed);
                if window.assurance == Assurance::Routed {
                    self.ask_later(id);
                }
                None
            }
            Err(outcome) => Some((outcome, unconfirmed)),
        }
    }

    fn put_publish(
        &mut self,
        id: u16,
        life: &Arc<Life>,
        frame_max: usize,
        message: &Message,
    ) -> Result<&mut Window, Outcome> {
        self.check().map_err(Outcome::TooLate)?;
        let channel = usable(&mut self.channels, id, life).map_err(Outcome::TooLate)?;
        let window = channel.window.as_mut().ok_or_else(|| Outcome::Unsendable(not_confirming()))?;
        codec::put_publish(&mut self.out, id, frame_max, message).map_err(Outcome::Unsendable)?;
        Ok(window)
    }

    /// The broker is to be asked whether it has routed what was published on a channel: once for what comes within a moment.
    fn ask_later(&mut self, id: u16) {
        if !self.unsure.contains(&id) {
            self.unsure.push(id);
        }
        self.asking.want();
    }

    /// For the I/O task: the question has waited long enough. It is one that costs the broker least and changes nothing.
    pub(super) fn ask_whether_routed(&mut self) {
        self.asking = Gathering::No;
        if self.closing {
            return;
        }
        for id in self.unsure.drain(..) {
            let Some(channel) = self.channels.get_mut(&id).filter(|channel| !channel.closing) else {
                continue;
            };
            let Some(window) = &mut channel.window else { continue };
            let question = basic::AMQPMethod::Qos(basic::Qos { prefetch_count: 0, global: false });
            // Two plain values: their encoding cannot fail.
            let _ = codec::put_method(&mut self.out, id, AMQPClass::Basic(question));
            channel.questions.push_back(Question::Routed { up_to: window.ask() });
        }
    }

    /// What is unconfirmed on a channel in confirm mode.
    pub(super) fn window(&mut self, id: u16) -> Option<&mut Window> {
        self.channels.get_mut(&id)?.window.as_mut()
    }

    /// Who takes this delivery. It is outstanding from now on; one for nobody goes back to its queue.
    pub(super) fn delivered(&mut self, id: u16, consumer: &str, tag: u64) -> Option<Arc<Taker>> {
        let channel = self.channels.get_mut(&id).filter(|channel| !channel.closing && !self.closing)?;
        // Tags are numbers: what has another is for nobody here.
        let taker = consumer.parse().ok().and_then(|consumer| channel.delivered(consumer, tag));
        match taker {
            Some(_) => self.gathering.want(),
            // It was on its way when its consumer was given up.
            None => self.reject(id, tag, true),
        }
        taker
    }

    /// A delivery was whole when its consumer was over. It goes back to its queue, unless all of the channel's do.
    pub(super) fn not_taken(&mut self, id: u16, tag: u64) {
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| !channel.closing && !self.closing)
        else {
            return;
        };
        if channel.acks.settle(tag) {
            self.reject(id, tag, true);
        }
    }

    /// Gives back what a consumer holds: it is settled here, and goes back to its queue.
    pub(super) fn give_back(&mut self, id: u16, life: &Arc<Life>, consumer: u32) {
        let Ok(channel) = self.channel(id, life) else { return };
        for tag in channel.acks.settle_all(consumer) {
            self.reject(id, tag, true);
        }
    }

    /// Queues a refusal of a delivery.
    pub(super) fn reject(&mut self, id: u16, tag: u64, requeue: bool) {
        let reject = basic::AMQPMethod::Reject(basic::Reject { delivery_tag: tag, requeue });
        // Two plain values: their encoding cannot fail.
        let _ = codec::put_method(&mut self.out, id, AMQPClass::Basic(reject));
    }

    /// The broker sends a consumer nothing more.
    pub(super) fn consumer_ended(&mut self, id: u16, tag: &str, remains: &mut Remains) {
        let consumer = self.channels.get_mut(&id).zip(tag.parse().ok());
        let consumer = consumer.and_then(|(channel, tag)| channel.remove_consumer(tag));
        remains.consumers.extend(consumer.map(|consumer| (consumer, None)));
    }

    /// A consumer that nobody wants any more, or that has failed: takes it away here and at the broker, and nobody waits
    /// for the answer. Another one with the same tag is another one.
    pub(super) fn give_up_consumer(
        &mut self,
        id: u16,
        tag: u32,
        taker: &Weak<Taker>,
        error: Option<AmqpError>,
        remains: &mut Remains,
    ) {
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| !channel.closing) else { return };
        let Some(consumer) = channel.remove_this_consumer(tag, taker) else { return };
        if !self.closing {
            let cancel = basic::Cancel { consumer_tag: tag.to_string().into(), nowait: true };
            // Two plain values: their encoding cannot fail.
            let _ = codec::put_method(&mut self.out, id, AMQPClass::Basic(basic::AMQPMethod::Cancel(cancel)));
        }
        remains.consumers.push((consumer, error));
    }

    /// A channel's user is done with it: asks the broker to close it.
    pub(super) fn close_channel(&mut self, id: u16, life: &Arc<Life>) -> Option<oneshot::Receiver<Answer>> {
        let close = channel::Close { reply_code: 200, reply_text: "OK".into(), class_id: 0, method_id: 0 };
        self.write_acks();
        let wait = self.ask(id, life, AMQPClass::Channel(channel::AMQPMethod::Close(close))).ok()?;
        let channel = self.channels.get_mut(&id)?;
        channel.closing = true;
        channel.stop_taking();
        channel.life.end(closed("the channel"));
        Some(wait)
    }

    /// A delivery is done with. Whether that will be written: not where it is settled already, or its channel is gone.
    pub(super) fn ack(&mut self, id: u16, life: &Arc<Life>, tag: u64) -> bool {
        let Ok(channel) = self.channel(id, life) else { return false };
        let Some(Unwritten { first, enough }) = channel.acks.ack(tag) else { return false };
        if first {
            self.acking.push(id);
        }
        self.acks_due |= enough || self.gathering == Gathering::No;
        true
    }

    /// For the I/O task: acknowledgements have waited long enough.
    pub(super) fn end_gathering(&mut self) {
        self.gathering = Gathering::No;
        self.acks_due = !self.acking.is_empty();
    }

    /// Settles a delivery by other means; whether it was outstanding.
    pub(super) fn settle(&mut self, id: u16, life: &Arc<Life>, tag: u64) -> bool {
        self.channel(id, life).is_ok_and(|channel| channel.acks.settle(tag))
    }

    /// Turns gathered acknowledgements into frames.
    pub(super) fn write_acks(&mut self) {
        self.acks_due = false;
        for id in self.acking.drain(..) {
            let Some(channel) = self.channels.get_mut(&id) else { continue };
            if !channel.closing {
                channel.acks.write(|tag, multiple| codec::put_ack(&mut self.out, id, tag, multiple));
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_asleep(&self) -> bool {
        !self.awake
    }

    /// What is to be done for what is queued now, if nobody looks at it anyway: it is written past the sleeping I/O task,
    /// which has written everything before, unless it is much or others are many.
    pub(super) fn next(&mut self, traffic: &Traffic) -> Next {
        if !self.has_output() || std::mem::replace(&mut self.awake, true) {
            return Next::Nothing;
        }
        if traffic.is_heavy() {
            return Next::Wake;
        }
        self.write_acks();
        match &self.shortcut {
            Some(shortcut) if self.out.len() <= SHORT => {
                self.past = true;
                Next::Write(std::mem::take(&mut self.out), shortcut.clone())
            }
            _ => Next::Wake,
        }
    }

    /// The first `count` of these bytes were written past the I/O task. Whether it is to be woken for the rest, for what was
    /// queued meanwhile, or because it alone has a clock.
    pub(super) fn written_past(&mut self, mut bytes: Vec<u8>, count: usize) -> bool {
        self.past = false;
        if self.end.is_some() {
            return false;
        }
        bytes.drain(..count);
        bytes.append(&mut self.out);
        self.out = bytes;
        self.awake = self.has_output() || self.asking == Gathering::Wanted;
        self.awake
    }

    fn has_output(&self) -> bool {
        self.acks_due || !self.out.is_empty()
    }

    /// For the I/O task: takes what is to be written. It looks once more before it sleeps, so until then nobody wakes it.
    pub(super) fn take_output(&mut self, into: &mut Vec<u8>) -> bool {
        self.awake = true;
        if self.has_output() && !self.past {
            self.write_acks();
            std::mem::swap(&mut self.out, into);
        }
        !into.is_empty()
    }

    /// For the I/O task: whether there is nothing to do until it is woken.
    pub(super) fn may_sleep(&mut self, cannot_write: bool) -> bool {
        // A full socket wakes the task by itself, and so does who writes past it: whoever queues more until then need not.
        let is_told = cannot_write || self.past;
        self.awake = is_told || self.has_output();
        is_told || !self.awake
    }

    /// For the I/O task: whether somebody is writing past it, who tells it of everything that is queued meanwhile.
    pub(super) fn is_written_past(&self) -> bool {
        self.past
    }

    /// A good-bye is said: nobody is given anything any more.
    pub(super) fn close(&mut self) {
        self.closing = true;
        self.channels.values().for_each(ChannelState::stop_taking);
    }

    /// Whether either side has said good-bye.
    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// The broker has said good-bye: our answer is all that is still written. It would throw anything else away.
    pub(super) fn answer_close(&mut self) {
        self.close();
        self.out.clear();
        self.acking.clear();
        self.acks_due = false;
        let ok = AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}));
        // It has no arguments that could fail to encode.
        let _ = codec::put_method(&mut self.out, 0, ok);
    }

    /// A channel is gone: by the broker's will (`error`), or by ours.
    pub(super) fn remove_channel(&mut self, id: u16, error: Option<AmqpError>, remains: &mut Remains) {
        // Its number is given again, and what is still to be asked is not about the next one's messages.
        self.unsure.retain(|unsure| *unsure != id);
        if let Some(channel) = self.channels.remove(&id) {
            channel.bury(&error.unwrap_or_else(|| closed("the channel")), remains);
        }
    }
}

/// The channel of this life, unless it is gone or closing.
fn usable<'a>(
    channels: &'a mut BTreeMap<u16, ChannelState>,
    id: u16,
    life: &Arc<Life>,
) -> Result<&'a mut ChannelState, AmqpError> {
    let found = channels.get_mut(&id).filter(|found| Arc::ptr_eq(&found.life, life));
    found.filter(|found| !found.closing).ok_or_else(|| life.reason())
}

fn not_confirming() -> AmqpError {
    let text = "the channel is not in confirm mode".to_owned();
    AmqpError { code: None, scope: Scope::Channel, text }
}
