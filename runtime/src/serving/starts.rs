//! Keeps what can be started again after its stop from being started twice at a time.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands in the way of another start; `H` is the handle of a run.
pub(crate) struct Starts<H>(Mutex<State<H>>);

enum State<H> {
    None,
    Starting,
    Started(H),
}

impl<H> Starts<H> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State::None))
    }

    /// Begins a start, unless one is under way or a run has not stopped.
    pub(crate) fn begin(&self, has_stopped: impl FnOnce(&H) -> bool) -> Option<Starting<'_, H>> {
        let mut state = self.state();
        match &*state {
            State::Starting => return None,
            State::Started(handle) if !has_stopped(handle) => return None,
            State::None | State::Started(_) => {}
        }
        *state = State::Starting;
        Some(Starting(self))
    }

    fn state(&self) -> MutexGuard<'_, State<H>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<H> fmt::Debug for Starts<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Starts").finish_non_exhaustive()
    }
}

/// A start under way; undone when it fails or is dropped.
pub(crate) struct Starting<'a, H>(&'a Starts<H>);

impl<H> Starting<'_, H> {
    pub(crate) fn done(self, handle: H) {
        *self.0.state() = State::Started(handle);
    }
}

impl<H> Drop for Starting<'_, H> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if matches!(*state, State::Starting) {
            *state = State::None;
        }
    }
}
