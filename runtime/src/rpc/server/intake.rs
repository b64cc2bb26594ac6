//! Which delivered requests run now and which wait: a counter of slots, and a line in front of it.
//!
//! A request waits unacknowledged, so that what has not begun when the server stops goes back to its queue.

use crate::transport::Delivery;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::task::AbortHandle;

/// The slots of one run of a server.
#[derive(Debug)]
pub(crate) struct Intake {
    line: Mutex<Line>,
    /// The task in each slot; a finished one stays until the next takes its place.
    tasks: Box<[Mutex<Option<AbortHandle>>]>,
}

#[derive(Debug)]
struct Line {
    free: Vec<usize>,
    waiting: VecDeque<Delivery>,
    running: usize,
    open: bool,
}

/// What becomes of a slot whose request has ended.
#[derive(Debug)]
pub(crate) struct Next {
    /// The next request in line, which takes the slot over.
    pub(crate) delivery: Option<Delivery>,
    /// The slot is free, no other is taken, and none will be.
    pub(crate) idle: bool,
}

impl Intake {
    pub(crate) fn new(slots: usize) -> Self {
        let line =
            Line { free: (0..slots).rev().collect(), waiting: VecDeque::new(), running: 0, open: true };
        Self { line: Mutex::new(line), tasks: (0..slots).map(|_| Mutex::default()).collect() }
    }

    /// A slot for a delivery, or none: then it waits in line.
    pub(crate) fn admit(&self, delivery: Delivery) -> Option<(usize, Delivery)> {
        let mut line = self.line();
        let slot = if line.open { line.free.pop() } else { None };
        match slot {
            Some(slot) => {
                line.running += 1;
                Some((slot, delivery))
            }
            None => {
                line.waiting.push_back(delivery);
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

    /// Whoever runs in `slot` has ended; a next request keeps the slot.
    pub(crate) fn next(&self, slot: usize) -> Next {
        let mut line = self.line();
        let delivery = if line.open { line.waiting.pop_front() } else { None };
        if delivery.is_none() {
            line.free.push(slot);
            line.running -= 1;
        }
        Next { idle: line.running == 0 && !line.open, delivery }
    }

    /// Lets nothing begin any more; how many are running.
    pub(crate) fn close(&self) -> usize {
        let mut line = self.line();
        line.open = false;
        line.running
    }

    /// What waits, of a closed intake.
    pub(crate) fn take_waiting(&self) -> VecDeque<Delivery> {
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

    /// How many run, and how many wait.
    pub(crate) fn load(&self) -> (usize, usize) {
        let line = self.line();
        (line.running, line.waiting.len())
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
