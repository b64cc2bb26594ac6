//! The handle of a broker in the process: sharing it by name, changing it, looking into it.

use super::faults::{FaultCounts, FaultPlan, Faults};
use super::news::{Behind, News};
use super::outlet::{Outlet, Told};
use super::state::State;
use crate::transport::QueueState;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

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
    /// What was left to be told by a task that has not begun yet, and whether there is something.
    left: Mutex<Behind>,
    has_left: AtomicBool,
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
        let shared = Shared {
            name: name.into(),
            state: Mutex::default(),
            left: Mutex::default(),
            has_left: AtomicBool::new(false),
            last_driver: AtomicU64::new(0),
        };
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

    /// Does something with the broker and tells whom it concerns.
    pub(super) fn operate<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, news) = {
            let mut state = self.lock();
            let result = change(&mut state);
            (result, std::mem::take(&mut state.queues.news))
        };
        news.tell(self);
        result
    }

    /// Does something with the broker and tells nobody: the next call to [`operate`](Self::operate) does.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.lock())
    }

    /// Resolves when everything that subscriptions had to be told before is told.
    pub(super) async fn told(&self, outlets: Vec<Arc<Outlet>>) {
        for outlet in outlets {
            let (signal, reached) = oneshot::channel();
            outlet.push(Told::Reached(signal));
            News::of(outlet).tell(self);
            // The sender goes only by sending.
            drop(reached.await);
        }
    }

    /// Leaves something to be told; whether nothing was left before.
    pub(super) fn leave(&self, news: News) -> bool {
        let mut left = self.left();
        left.push_back((self.clone(), news));
        self.shared.has_left.store(true, Ordering::Release);
        left.len() == 1
    }

    /// What was left to be told.
    pub(super) fn take_left(&self) -> Behind {
        if !self.shared.has_left.load(Ordering::Acquire) {
            return Behind::new();
        }
        let mut left = self.left();
        self.shared.has_left.store(false, Ordering::Release);
        std::mem::take(&mut left)
    }

    fn left(&self) -> MutexGuard<'_, Behind> {
        self.shared.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
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
