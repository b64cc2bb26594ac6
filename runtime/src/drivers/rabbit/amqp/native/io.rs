//! The task that owns a connection's socket: writes what its users queue, takes what the broker sends to them.
//!
//! One write for everything that is queued, one pass over everything that is read; between two passes nobody is woken for
//! what the next pass sees anyway. What is queued while it sleeps may have been written past it.

use super::super::{AmqpError, Event, Outcome, Received, Scope};
use super::channel_state::{Remains, Taker};
use super::codec::{self, Frame, Method};
use super::core::Core;
use super::gather::Delay;
use super::input::Input;
use super::socket::Stream;
use super::window::Settled;
use crate::wire::Properties;
use amq_protocol::protocol::{AMQPClass, basic, channel, connection};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

/// Reads in a row before other tasks of the runtime have a turn.
const TURNS: usize = 32;
/// How long the broker may take to answer our good-bye.
const GOOD_BYE: Duration = Duration::from_secs(5);
/// How long an acknowledgement may wait for others after a delivery.
const GATHERING: Duration = Duration::from_millis(1);
/// How long the question whether messages were routed may wait for more of them.
const ASKING: Duration = Duration::from_millis(5);
/// A buffer that has grown beyond this is given back once it is empty.
const KEPT: usize = 1 << 20;
/// Room for settled messages beyond this is given back too.
const KEPT_SETTLED: usize = 1 << 10;
/// Longest body that is given its whole room before it has come.
const TRUSTED: u64 = 1 << 20;

pub(super) struct Io<S> {
    core: Arc<Core>,
    stream: S,
    input: Input,
    writing: Vec<u8>,
    written: usize,
    /// The socket takes nothing more for now.
    full: bool,
    /// Messages of which something is still to come, at most one for each channel: hardly ever more than one in all.
    incoming: Vec<Incoming>,
    /// What one confirmation settles, between the window and those who are told; empty otherwise.
    settled: Vec<Settled>,
    /// Reads that brought something.
    reads: u64,
    pulse: Option<Pulse>,
    gathering: Delay,
    asking: Delay,
    /// Runs from the first good-bye on.
    patience: Delay,
    /// Why the connection ends when everything is written.
    farewell: Option<AmqpError>,
    end: Option<AmqpError>,
}

/// A message on its way in.
struct Incoming {
    channel: u16,
    what: What,
    size: Option<u64>,
    properties: Properties,
    body: Vec<u8>,
}

enum What {
    Delivery { taker: Option<Arc<Taker>>, tag: u64, redelivered: bool },
    Return { code: u16, text: String },
}

impl<S: Stream> Io<S> {
    /// `heartbeat` in seconds as agreed; 0 is none.
    pub(super) fn new(core: Arc<Core>, stream: S, input: Input, heartbeat: u16) -> Self {
        Self {
            core,
            stream,
            input,
            writing: Vec::new(),
            written: 0,
            full: false,
            incoming: Vec::new(),
            settled: Vec::new(),
            reads: 0,
            pulse: Pulse::new(heartbeat),
            gathering: Delay::of(GATHERING),
            asking: Delay::of(ASKING),
            patience: Delay::of(GOOD_BYE),
            farewell: None,
            end: None,
        }
    }

    /// Takes what the last read of the handshake has brought behind its end. To be called once, before anything else.
    pub(super) fn begin(&mut self) -> Result<(), AmqpError> {
        self.take_frames()
    }

    /// The connection is gone. The broker's words say more than what became of the socket behind them.
    pub(super) fn end(mut self, error: AmqpError) {
        self.end = Some(self.farewell.take().unwrap_or(error));
    }

    pub(super) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Reads that have brought something so far.
    pub(super) fn reads(&self) -> u64 {
        self.reads
    }

    /// What there is to do until the next wake-up; resolves when the connection is gone.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<AmqpError> {
        self.core.register(cx.waker());
        for _ in 0..TURNS {
            if let Err(error) = self.look_at_clock(cx) {
                return Poll::Ready(error);
            }
            if let Err(error) = self.write(cx) {
                self.read_last_words(cx);
                return Poll::Ready(error);
            }
            if self.writing.is_empty()
                && let Some(farewell) = self.farewell.take_if(|_| !self.core.lock().is_written_past())
            {
                return Poll::Ready(farewell);
            }
            match self.input.poll_fill(&mut self.stream, cx) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(lost("the broker closed the connection without a word".to_owned()));
                }
                Poll::Ready(Ok(_)) => {
                    self.reads += 1;
                    if let Some(pulse) = &mut self.pulse {
                        pulse.silent = 0;
                    }
                    if let Err(error) = self.take_frames() {
                        return Poll::Ready(error);
                    }
                }
                Poll::Ready(Err(error)) => return Poll::Ready(lost(error.to_string())),
                Poll::Pending => {
                    let (gathering, asking, may_sleep) = {
                        let mut state = self.core.lock();
                        (state.gathering.begin(), state.asking.begin(), state.may_sleep(self.full))
                    };
                    if gathering {
                        self.gathering.begin(cx);
                    }
                    if asking {
                        self.asking.begin(cx);
                    }
                    if may_sleep {
                        return Poll::Pending;
                    }
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Belongs to the current runtime from now on. Whoever had it must not poll it again.
    pub(super) fn enter(&mut self) -> Result<(), AmqpError> {
        self.stream.enter().map_err(|error| lost(error.to_string()))?;
        let beat = self.pulse.as_mut().map(|pulse| &mut pulse.delay);
        for delay in [&mut self.gathering, &mut self.asking, &mut self.patience].into_iter().chain(beat) {
            delay.enter();
        }
        Ok(())
    }

    /// The socket takes nothing more, but what has come over it counts: confirmations, and why the broker has gone.
    fn read_last_words(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Ok(1..)) = self.input.poll_fill(&mut self.stream, cx) {
            if self.take_frames().is_err() {
                return;
            }
        }
    }

    fn look_at_clock(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        if let Some(pulse) = &mut self.pulse
            && pulse.delay.is_over(cx)
        {
            pulse.silent += 1;
            if pulse.silent > SILENT_BEATS {
                let silent = pulse.delay.time() * SILENT_BEATS;
                return Err(lost(format!(
                    "the broker gave no sign of life for {silent:?} (missed heartbeats)"
                )));
            }
            if !std::mem::take(&mut pulse.wrote) {
                codec::put_heartbeat(&mut self.core.lock().out);
                pulse.beating = true;
            }
            // After a pause of this process one beat is late, not many missed.
            pulse.delay.begin(cx);
        }
        if self.gathering.is_over(cx) {
            self.core.lock().end_gathering();
        }
        if self.asking.is_over(cx) {
            self.core.lock().ask_whether_routed();
        }
        if self.patience.is_over(cx) {
            return Err(lost(format!("the broker did not answer our good-bye within {GOOD_BYE:?}")));
        }
        Ok(())
    }

    /// Writes what was begun, and what is queued by then. What is queued meanwhile waits for the next turn: whoever goes on
    /// publishing must not keep the connection from reading.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), AmqpError> {
        self.full = false;
        let mut taken = false;
        loop {
            if self.written == self.writing.len() {
                self.written = 0;
                self.writing.clear();
                if self.writing.capacity() > KEPT {
                    self.writing = Vec::new();
                }
                if taken {
                    return Ok(());
                }
                let closing = {
                    let mut state = self.core.lock();
                    taken = state.take_output(&mut self.writing);
                    state.is_closing()
                };
                self.watch_good_bye(closing, cx);
                if !taken {
                    return Ok(());
                }
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.writing[self.written..]) {
                Poll::Ready(Ok(0)) => return Err(lost("the socket takes no more bytes".to_owned())),
                Poll::Ready(Ok(count)) => {
                    self.written += count;
                    if let Some(pulse) = &mut self.pulse {
                        pulse.wrote = !std::mem::take(&mut pulse.beating);
                    }
                }
                Poll::Ready(Err(error)) => return Err(lost(error.to_string())),
                Poll::Pending => {
                    self.full = true;
                    let closing = self.core.lock().is_closing();
                    self.watch_good_bye(closing, cx);
                    return Ok(());
                }
            }
        }
    }

    /// The time for a good-bye runs from the first look at a closing connection on.
    fn watch_good_bye(&mut self, closing: bool, cx: &mut Context<'_>) {
        if closing && !self.patience.is_running() {
            self.patience.begin(cx);
        }
    }

    fn take_frames(&mut self) -> Result<(), AmqpError> {
        // Frames are borrowed from it while the rest of `self` works on them.
        let mut input = std::mem::take(&mut self.input);
        let taken = loop {
            match input.frame(self.core.frame_max) {
                Ok(Some(frame)) => {
                    if let Err(error) = self.take_frame(&frame) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.input = input;
        taken
    }

    fn take_frame(&mut self, frame: &Frame<'_>) -> Result<(), AmqpError> {
        let Frame { kind, channel, payload } = *frame;
        match kind {
            codec::METHOD => match codec::method(payload)? {
                Method::Deliver { consumer, tag, redelivered } => {
                    let taker = self.core.lock().delivered(channel, consumer, tag);
                    self.expect(channel, What::Delivery { taker, tag, redelivered })
                }
                Method::Ack { tag, multiple } => {
                    self.settle(channel, tag, multiple, &Outcome::Confirmed);
                    Ok(())
                }
                Method::Start { .. } => Err(out_of_turn("a greeting")),
                Method::Other(class) if channel == 0 => self.connection_method(class),
                Method::Other(class) => self.channel_method(channel, class),
            },
            codec::CONTENT => {
                let (size, properties) = codec::content(payload)?;
                let incoming = self.incoming(channel).filter(|incoming| incoming.size.is_none());
                let Some(incoming) = incoming else { return Err(out_of_turn("a content header")) };
                incoming.size = Some(size);
                incoming.properties = properties;
                incoming.body.reserve_exact(usize::try_from(size.min(TRUSTED)).unwrap_or_default());
                if size == 0 { self.complete(channel) } else { Ok(()) }
            }
            codec::BODY => {
                let Some(incoming) = self.incoming(channel) else {
                    return Err(out_of_turn("a body"));
                };
                let Some(size) = incoming.size else { return Err(out_of_turn("a body")) };
                incoming.body.extend_from_slice(payload);
                match (incoming.body.len() as u64).cmp(&size) {
                    std::cmp::Ordering::Less => Ok(()),
                    std::cmp::Ordering::Equal => self.complete(channel),
                    std::cmp::Ordering::Greater => Err(out_of_turn("a longer body than it told")),
                }
            }
            // A heartbeat: that something was read is all it says.
            _ => Ok(()),
        }
    }

    /// A method that content follows.
    fn expect(&mut self, channel: u16, what: What) -> Result<(), AmqpError> {
        if self.incoming(channel).is_some() {
            return Err(out_of_turn("a message within a message"));
        }
        let (properties, body) = (Properties::default(), Vec::new());
        self.incoming.push(Incoming { channel, what, size: None, properties, body });
        Ok(())
    }

    fn incoming(&mut self, channel: u16) -> Option<&mut Incoming> {
        self.incoming.iter_mut().find(|incoming| incoming.channel == channel)
    }

    fn take_incoming(&mut self, channel: u16) -> Option<Incoming> {
        let place = self.incoming.iter().position(|incoming| incoming.channel == channel)?;
        Some(self.incoming.swap_remove(place))
    }

    fn complete(&mut self, channel: u16) -> Result<(), AmqpError> {
        let Some(Incoming { what, properties, body, .. }) = self.take_incoming(channel) else {
            return Ok(());
        };
        match what {
            What::Delivery { taker: Some(taker), tag, .. } if taker.is_over() => {
                self.core.lock().not_taken(channel, tag);
            }
            What::Delivery { taker: Some(taker), tag, redelivered } => {
                self.hand_over(channel, &taker, Received { tag, redelivered, properties, body });
            }
            What::Delivery { taker: None, .. } => {}
            What::Return { code, text } => {
                let format = self.core.lock().window(channel).map(|window| window.format());
                let id = format.and_then(|format| format.unique_id(&body, &properties));
                if let Some(window) = self.core.lock().window(channel) {
                    window.returned(id, &body, Outcome::Returned { code, text });
                }
            }
        }
        Ok(())
    }

    /// A consumer that panics ends, and costs nobody else anything. The message stays unacknowledged.
    fn hand_over(&mut self, channel: u16, taker: &Arc<Taker>, message: Received) {
        let taken = catch_unwind(AssertUnwindSafe(|| {
            let mut take = taker.take.lock().unwrap_or_else(PoisonError::into_inner);
            take(message);
        }));
        if taken.is_err() {
            let text = "the consumer panicked at a message".to_owned();
            let error = AmqpError { code: None, scope: Scope::Channel, text };
            let mut remains = Remains::default();
            let weak = Arc::downgrade(taker);
            self.core.lock().give_up_consumer(channel, taker.tag, &weak, Some(error), &mut remains);
            remains.tell();
        }
    }

    fn settle(&mut self, channel: u16, tag: u64, multiple: bool, outcome: &Outcome) {
        if let Some(window) = self.core.lock().window(channel) {
            window.settle(tag, multiple, outcome, &mut self.settled);
        }
        self.settled.drain(..).for_each(Settled::tell);
        if self.settled.capacity() > KEPT_SETTLED {
            self.settled = Vec::new();
        }
    }

    fn connection_method(&mut self, class: AMQPClass) -> Result<(), AmqpError> {
        let AMQPClass::Connection(method) = class else { return Err(out_of_turn("a method on channel 0")) };
        match method {
            connection::AMQPMethod::Close(close) => {
                self.core.lock().answer_close();
                let text = close.reply_text.to_string();
                let error = AmqpError { code: Some(close.reply_code), scope: Scope::Connection, text };
                self.farewell.get_or_insert(error);
                Ok(())
            }
            connection::AMQPMethod::CloseOk(_) => Err(lost("closed".to_owned())),
            connection::AMQPMethod::Blocked(blocked) => {
                self.core.tell(Event::Blocked(blocked.reason.to_string()));
                Ok(())
            }
            connection::AMQPMethod::Unblocked(_) => {
                self.core.tell(Event::Unblocked);
                Ok(())
            }
            other => Err(codec::malformed(format!("{other:?} on an open connection"))),
        }
    }

    fn channel_method(&mut self, id: u16, class: AMQPClass) -> Result<(), AmqpError> {
        let mut remains = Remains::default();
        let mut state = self.core.lock();
        match class {
            AMQPClass::Basic(basic::AMQPMethod::Nack(nack)) => {
                drop(state);
                self.settle(id, nack.delivery_tag, nack.multiple, &Outcome::Refused);
            }
            AMQPClass::Basic(basic::AMQPMethod::Return(returned)) => {
                drop(state);
                let (code, text) = (returned.reply_code, returned.reply_text.to_string());
                return self.expect(id, What::Return { code, text });
            }
            AMQPClass::Basic(basic::AMQPMethod::Cancel(cancel)) => {
                state.consumer_ended(id, cancel.consumer_tag.as_str(), &mut remains);
                if !cancel.nowait {
                    let ok = basic::CancelOk { consumer_tag: cancel.consumer_tag };
                    codec::put_method(&mut state.out, id, AMQPClass::Basic(basic::AMQPMethod::CancelOk(ok)))?;
                }
                drop(state);
            }
            AMQPClass::Channel(channel::AMQPMethod::Close(close)) => {
                let ok = channel::AMQPMethod::CloseOk(channel::CloseOk {});
                codec::put_method(&mut state.out, id, AMQPClass::Channel(ok))?;
                // Where both sides close at once, the answer to ours still comes.
                if !state.channels.get(&id).is_some_and(|channel| channel.is_closing()) {
                    let text = close.reply_text.to_string();
                    let error = AmqpError { code: Some(close.reply_code), scope: Scope::Channel, text };
                    state.remove_channel(id, Some(error), &mut remains);
                }
                drop(state);
                self.take_incoming(id);
            }
            AMQPClass::Channel(channel::AMQPMethod::CloseOk(ok)) => {
                if let Some(channel) = state.channels.get_mut(&id) {
                    channel
                        .close_answered(AMQPClass::Channel(channel::AMQPMethod::CloseOk(ok)), &mut remains);
                }
                state.remove_channel(id, None, &mut remains);
                drop(state);
                self.take_incoming(id);
            }
            AMQPClass::Channel(channel::AMQPMethod::Flow(flow)) => {
                let ok = channel::AMQPMethod::FlowOk(channel::FlowOk { active: flow.active });
                codec::put_method(&mut state.out, id, AMQPClass::Channel(ok))?;
                drop(state);
            }
            class => {
                if let AMQPClass::Basic(basic::AMQPMethod::CancelOk(ok)) = &class {
                    state.consumer_ended(id, ok.consumer_tag.as_str(), &mut remains);
                }
                if let Some(channel) = state.channels.get_mut(&id) {
                    channel.answered(class, &mut remains);
                }
                drop(state);
            }
        }
        remains.tell();
        Ok(())
    }
}

impl<S> Drop for Io<S> {
    /// Also where the task ends by a panic, or with its runtime.
    fn drop(&mut self) {
        let end = self.end.take().unwrap_or_else(|| lost("the connection's task was ended".to_owned()));
        self.core.end(end);
    }
}

/// Half-intervals without a byte from the broker after which it counts as gone: two whole ones.
const SILENT_BEATS: u32 = 4;

/// Heartbeats: something is written in each half of the interval, and something has to come.
struct Pulse {
    /// Half of the interval.
    delay: Delay,
    /// The task has written something since the last beat; a heartbeat does not count, or every second one would be left out.
    wrote: bool,
    beating: bool,
    silent: u32,
}

impl Pulse {
    fn new(heartbeat: u16) -> Option<Self> {
        if heartbeat == 0 {
            return None;
        }
        let half = Duration::from_secs(heartbeat.into()) / 2;
        Some(Self { delay: Delay::begun(half), wrote: true, beating: false, silent: 0 })
    }
}

fn lost(text: String) -> AmqpError {
    AmqpError { code: None, scope: Scope::Connection, text }
}

fn out_of_turn(what: &str) -> AmqpError {
    codec::malformed(format!("{what} that was not to come now"))
}
