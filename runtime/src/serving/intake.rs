//! What of the delivered runs now and what waits: a counter of slots, and a line in front of it.
//!
//! Deliveries wait unacknowledged, so that what has not begun at the stop goes back to its queue.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// The slots of one run; a `T` is what one slot takes at a time.
#[derive(Debug)]
pub(crate) struct Intake<T> {
    line: Mutex<Line<T>>,
    /// The task in each slot that is taken.
    tasks: Box<[Mutex<Option<AbortHandle>>]>,
}

#[derive(Debug)]
struct Line<T> {
    free: Vec<usize>,
    waiting: VecDeque<T>,
    running: usize,
    open: bool,
}

/// What becomes of a slot whose work has ended.
#[derive(Debug)]
pub(crate) struct Next<T> {
    /// The next in line, which takes the slot over.
    pub(crate) item: Option<T>,
    /// The slot is free, no other is taken, and none will be.
    pub(crate) idle: bool,
}

impl<T> Intake<T> {
    pub(crate) fn new(slots: usize) -> Self {
        let line =
            Line { free: (0..slots).rev().collect(), waiting: VecDeque::new(), running: 0, open: true };
        Self { line: Mutex::new(line), tasks: (0..slots).map(|_| Mutex::default()).collect() }
    }

    /// A slot, or none: then it waits in line.
    pub(crate) fn admit(&self, item: T) -> Option<(usize, T)> {
        let mut line = self.line();
        let slot = if line.open { line.free.pop() } else { None };
        match slot {
            Some(slot) => {
                line.running += 1;
                Some((slot, item))
            }
            None => {
                line.waiting.push_back(item);
                None
            }
        }
    }

    /// Says which task runs in `slot`, so that it can be ended.
    pub(crate) fn occupied(&self, slot: usize, task: AbortHandle) {
        if let Some(place) = self.tasks.get(slot) {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        }
    }

    /// Whoever runs in `slot` has ended; the next in line keeps the slot.
    pub(crate) fn next(&self, slot: usize) -> Next<T> {
        let mut line = self.line();
        let item = if line.open { line.waiting.pop_front() } else { None };
        if item.is_none() {
            // Let go by the thread that ran it: what it leaves need not be fetched to another processor to be freed.
            if let Some(task) = self.tasks.get(slot) {
                task.lock().unwrap_or_else(PoisonError::into_inner).take();
            }
            line.free.push(slot);
            line.running -= 1;
        }
        Next { idle: line.running == 0 && !line.open, item }
    }

    /// Lets nothing begin any more; how many are running.
    pub(crate) fn close(&self) -> usize {
        let mut line = self.line();
        line.open = false;
        line.running
    }

    /// Takes what waits out of the line.
    pub(crate) fn take_waiting(&self) -> VecDeque<T> {
        std::mem::take(&mut self.line().waiting)
    }

    /// Ends every task at its next await.
    pub(crate) fn abort(&self) {
        for task in &self.tasks {
            if let Some(task) = task.lock().unwrap_or_else(PoisonError::into_inner).take() {
                task.abort();
            }
        }
    }

    /// How many slots are taken.
    pub(crate) fn running(&self) -> usize {
        self.line().running
    }

    /// How much waits in line, by the size of each.
    pub(crate) fn waiting(&self, size: impl Fn(&T) -> usize) -> usize {
        self.line().waiting.iter().map(size).sum()
    }

    fn line(&self) -> MutexGuard<'_, Line<T>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
