//! What a connection's users and its I/O task share: the state under its lock, who is to be woken, and how it ended.
//!
//! Nothing of a user's runs under the lock: closures are called and dropped, and tasks woken, after it is let go.

use super::super::{AmqpError, Event, Scope};
use super::channel_state::{Answer, Life, Question, Remains};
use super::codec;
use super::socket::Shortcut;
use super::state::{Next, State};
use crate::drivers::rabbit::traffic::Traffic;
use amq_protocol::protocol::{AMQPClass, channel, connection};
use futures_util::task::AtomicWaker;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{mpsc, oneshot, watch};

pub(super) struct Core {
    state: Mutex<State>,
    io: AtomicWaker,
    events: mpsc::UnboundedSender<Event>,
    /// Becomes true with the end.
    ended: watch::Sender<bool>,
    pub(super) frame_max: usize,
    channel_max: u16,
    pub(super) traffic: Arc<Traffic>,
}

impl Core {
    pub(super) fn new(
        frame_max: usize,
        channel_max: u16,
        events: mpsc::UnboundedSender<Event>,
        traffic: Arc<Traffic>,
        shortcut: Option<Shortcut>,
    ) -> Self {
        let state = Mutex::new(State::new(shortcut));
        let ended = watch::Sender::new(false);
        Self { state, io: AtomicWaker::new(), events, ended, frame_max, channel_max, traffic }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and sees to it that what is to be written is written.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        let next = state.next(&self.traffic);
        drop(state);
        match next {
            Next::Nothing => {}
            Next::Wake => self.wake(),
            Next::Write(bytes, shortcut) => self.write_past_the_task(bytes, &shortcut),
        }
        result
    }

    /// Not under the lock: the other side of the socket may well run before a write to it comes back.
    pub(super) fn write_past_the_task(&self, bytes: Vec<u8>, shortcut: &Shortcut) {
        let count = shortcut.write(&bytes);
        let wake = self.lock().written_past(bytes, count);
        if wake {
            self.wake();
        }
    }

    /// Has the I/O task look.
    pub(super) fn wake(&self) {
        self.io.wake();
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
            let numbers = state.channels.keys().map(|id| u32::from(*id));
            let taken = numbers.zip(1..).take_while(|(id, place)| id == place).count();
            let id = u16::try_from(taken + 1).ok().filter(|id| *id <= self.channel_max);
            let id = id.ok_or_else(|| {
                let text = format!("all {} channels of the connection are in use", self.channel_max);
                AmqpError { code: None, scope: Scope::Channel, text }
            })?;
            let open = channel::AMQPMethod::Open(channel::Open {});
            codec::put_method(&mut state.out, id, AMQPClass::Channel(open))?;
            let life = state.insert_channel(id);
            let (answer, wait) = oneshot::channel();
            state.channel(id, &life)?.questions.push_back(Question::Of(answer));
            Ok((id, life, wait))
        })
    }

    /// Asks the broker to close the connection, once.
    pub(super) fn begin_close(&self) {
        let close = connection::Close { reply_code: 200, reply_text: "OK".into(), class_id: 0, method_id: 0 };
        self.with(|state| {
            if state.check().is_ok() {
                state.write_acks();
                state.close();
                let close = AMQPClass::Connection(connection::AMQPMethod::Close(close));
                // Encoding these four values cannot fail; without them the broker notices the closed socket.
                let _ = codec::put_method(&mut state.out, 0, close);
            }
        });
        // Also where the socket takes nothing: the time for a good-bye runs from now on.
        self.io.wake();
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
        for channel in state.end(&error) {
            channel.bury(&error, &mut remains);
        }
        drop(state);
        remains.tell();
        self.tell(Event::Lost(error));
        self.ended.send_replace(true);
    }
}
