//! The handle of a broker in the process: sharing it by name, running what it has to tell, looking into it.

use super::faults::{FaultCounts, FaultPlan, Faults};
use super::run_queue::Effect;
use super::state::State;
use crate::transport::QueueState;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// Effects that one call runs on behalf of others before it hands the rest to a task of its tokio runtime.
const TURN: usize = 1024;

static NAMED: LazyLock<Mutex<HashMap<String, MemoryBroker>>> = LazyLock::new(Mutex::default);

/// A broker in this process. Clones are the same broker.
///
/// The methods here look into it and disturb it, for tests of services; messages go through a transport.
#[derive(Clone)]
pub struct MemoryBroker {
    shared: Arc<Shared>,
}

struct Shared {
    name: Arc<str>,
    state: Mutex<State>,
    last_driver: AtomicU64,
}

impl MemoryBroker {
    /// A broker of its own, which no URL reaches.
    pub fn new() -> Self {
        Self::with_name("")
    }

    /// The broker of this process that `memory://<name>` reaches. It lives as long as the process, so that queues and
    /// their messages outlive the transports that made them.
    pub fn named(name: &str) -> Self {
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        named.entry(name.to_owned()).or_insert_with(|| Self::with_name(name)).clone()
    }

    fn with_name(name: &str) -> Self {
        let shared = Shared { name: name.into(), state: Mutex::default(), last_driver: AtomicU64::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// The name in `memory://<name>`; empty for the default broker and for one of its own.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What a queue looks like now; `None` if there is no such queue. Queues have the names of oslo.messaging:
    /// `<topic>`, `<topic>.<server>`, `<topic>.<priority>`.
    pub fn queue(&self, name: &str) -> Option<QueueState> {
        self.operate(|state| {
            state.queues.get(name).map(|queue| QueueState {
                messages: u32::try_from(queue.len()).unwrap_or(u32::MAX),
                consumers: queue.consumers,
            })
        })
    }

    /// The names of all queues, sorted.
    pub fn queues(&self) -> Vec<String> {
        self.operate(|state| state.queues.names())
    }

    /// Deliveries of a queue that are neither acknowledged nor given back; `None` if there is no such queue.
    pub fn unacknowledged(&self, name: &str) -> Option<usize> {
        self.operate(|state| state.queues.get(name).map(|queue| queue.unacknowledged))
    }

    /// Drops the messages of a queue that are not delivered; says how many, or `None` if there is no such queue.
    pub fn purge(&self, name: &str) -> Option<usize> {
        self.operate(|state| state.queues.get(name).map(|queue| queue.purge()))
    }

    /// Cuts off every consumer of a queue, as a lost connection does, and lets it come back: what it has not
    /// acknowledged goes back to its place and is delivered again, marked as redelivered. Says how many were cut off.
    ///
    /// A server that never comes back is made by dropping its transport.
    pub fn kill_consumers(&self, queue: &str) -> usize {
        self.operate(|state| state.kill(queue))
    }

    /// Makes faults from now on as `plan` says, in place of an older plan.
    pub fn faults(&self, plan: FaultPlan) {
        self.operate(|state| state.faults = Some(Faults::new(plan)));
    }

    /// Makes no more faults; says how many the plan has made.
    pub fn heal(&self) -> FaultCounts {
        self.operate(|state| state.faults.take().map(|faults| faults.counts).unwrap_or_default())
    }

    /// How many faults the plan has made until now.
    pub fn fault_counts(&self) -> FaultCounts {
        self.operate(|state| state.faults.as_ref().map(|faults| faults.counts).unwrap_or_default())
    }

    /// A number for a new driver.
    pub(super) fn next_driver(&self) -> u64 {
        self.shared.last_driver.fetch_add(1, Ordering::Relaxed)
    }

    /// Does something with the broker and tells whom it concerns, unless another call is at that: it goes on then.
    pub(super) fn operate<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, batch) = {
            let mut state = self.lock();
            let result = change(&mut state);
            (result, state.queues.run_queue.begin())
        };
        if let Some(batch) = batch {
            self.run(batch, true);
        }
        result
    }

    /// Does something with the broker and tells nobody: the next call to [`operate`](Self::operate) does.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.lock())
    }

    /// Resolves when everything that the broker had to tell before is told.
    pub(super) async fn told(&self) {
        let (signal, reached) = oneshot::channel();
        self.operate(|state| state.queues.run_queue.push(Effect::Reached(signal)));
        // The sender goes only by sending, or with a panicking callback's thread: nothing more is told then either.
        drop(reached.await);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs effects until there are none. After a while on behalf of others the rest is left to a task, if it may be handed
    /// over, so that a publisher on a busy broker gets its thread back.
    fn run(&self, mut batch: VecDeque<Effect>, hand_over: bool) {
        let mut done = 0;
        loop {
            done += batch.len();
            batch.drain(..).for_each(|effect| effect.run(self));
            if hand_over
                && done >= TURN
                && let Ok(runtime) = tokio::runtime::Handle::try_current()
            {
                // Whoever uses the broker meanwhile goes on: the task may wait long for a worker of its runtime.
                self.lock().queues.run_queue.abandon(batch);
                let turn = Turn { broker: self.clone(), over: false };
                runtime.spawn(async move { turn.go_on() });
                return;
            }
            match self.lock().queues.run_queue.more(batch) {
                Some(more) => batch = more,
                None => return,
            }
        }
    }
}

/// Sees to it that what is left to be told is told. A task that is dropped with its runtime does so then.
struct Turn {
    broker: MemoryBroker,
    over: bool,
}

impl Turn {
    fn go_on(mut self) {
        self.take(true);
    }

    fn take(&mut self, hand_over: bool) {
        self.over = true;
        let batch = self.broker.lock().queues.run_queue.begin();
        if let Some(batch) = batch {
            self.broker.run(batch, hand_over);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.over {
            // Users of the broker in other runtimes wait for what is told here.
            self.take(false);
        }
    }
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBroker").field("name", &self.name()).finish_non_exhaustive()
    }
}
