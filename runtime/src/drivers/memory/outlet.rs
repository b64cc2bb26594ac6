//! What one subscription is told: in order, by one thread at a time, and by none that holds a lock.

use super::news::guarded;
use super::queue::Message;
use crate::transport::{AckHandle, Delivery, Sink};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Something to tell a subscription.
pub(super) enum Told {
    Deliver {
        route: usize,
        message: Arc<Message>,
        redelivered: bool,
        ack: AckHandle,
    },
    /// It was cut off, as by the loss of its connection, and is back.
    CutOff {
        label: String,
    },
    /// Its driver has ended.
    Ended,
    /// Everything before this has been told.
    Reached(oneshot::Sender<()>),
}

impl Told {
    fn tell(self, sink: &dyn Sink) {
        match self {
            Self::Deliver { route, message, redelivered, ack } => {
                // Copied only where its queue may have to deliver it again, or another queue has it too.
                let (body, properties) = match Arc::try_unwrap(message) {
                    Ok(Message { body, properties, .. }) => (body, properties),
                    Err(message) => (message.body.clone(), message.properties.clone()),
                };
                sink.deliver(Delivery { route, body, properties, redelivered, redeliveries: None, ack });
            }
            Self::CutOff { label } => {
                tracing::info!(label, "consumer cut off and back");
                sink.connection_lost();
                sink.interrupted();
            }
            Self::Ended => sink.interrupted(),
            // Nobody waits any more: nothing to tell.
            Self::Reached(signal) => drop(signal.send(())),
        }
    }
}

/// The way to one subscription. Its sink goes with it, never under the broker's lock.
pub(super) struct Outlet {
    sink: Arc<dyn Sink>,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Told>,
    /// A thread is at it.
    running: bool,
}

/// What there is for a thread that has told a batch.
enum More {
    Told(VecDeque<Told>),
    /// It has told enough, and something is left.
    Left,
    Nothing,
}

impl Outlet {
    pub(super) fn new(sink: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self { sink, line: Mutex::default() })
    }

    pub(super) fn push(&self, told: Told) {
        self.line().waiting.push_back(told);
    }

    /// Tells what waits, unless another thread goes on with it, up to a turn's worth or a little more. Says how much it told,
    /// and whether something is left that no thread is at.
    pub(super) fn tell(&self, turn: usize) -> (usize, bool) {
        let Some(mut batch) = self.begin() else { return (0, false) };
        let mut told = 0;
        loop {
            told += batch.len();
            batch.drain(..).for_each(|each| guarded(|| each.tell(&*self.sink)));
            match self.more(batch, told < turn) {
                More::Told(more) => batch = more,
                More::Left => return (told, true),
                More::Nothing => return (told, false),
            }
        }
    }

    /// What this thread has to tell, if there is something and no other is at it: that one goes on then.
    fn begin(&self) -> Option<VecDeque<Told>> {
        let mut line = self.line();
        if line.running || line.waiting.is_empty() {
            return None;
        }
        line.running = true;
        Some(std::mem::take(&mut line.waiting))
    }

    /// What has come up meanwhile. `done` is the emptied batch, for reuse.
    fn more(&self, done: VecDeque<Told>, go_on: bool) -> More {
        let mut line = self.line();
        let nothing = line.waiting.is_empty();
        if go_on && !nothing {
            return More::Told(std::mem::replace(&mut line.waiting, done));
        }
        line.running = false;
        if nothing {
            line.waiting = done;
            return More::Nothing;
        }
        More::Left
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line();
        f.debug_struct("Outlet")
            .field("waiting", &line.waiting.len())
            .field("running", &line.running)
            .finish_non_exhaustive()
    }
}
