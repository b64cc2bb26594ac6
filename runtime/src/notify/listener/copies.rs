//! Notifications that come twice: after a lost connection, or because a sender tried again.
//!
//! What is remembered is only what is done with. A copy that comes while another is being handled waits for its fate:
//! were it acknowledged at once and the handling then fail, or the process end, the notification would be lost.

use crate::serving::{Keys, Recent};
use crate::transport::AckHandle;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The notifications of one run, by `_unique_id`.
#[derive(Debug, Default)]
pub(super) struct Copies {
    keys: Keys,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    done: Recent,
    /// What is being handled, with the copies that have come since.
    working: HashMap<u128, Vec<AckHandle>>,
}

/// What a message is to those that came before.
pub(super) enum Arrival {
    /// The first, or one that cannot be told apart; to be handled.
    First(Option<u128>, AckHandle),
    /// A copy of one that is being handled; its acknowledgement is kept beside the first's.
    Waits,
    /// A copy of one that is done with.
    Done(AckHandle),
}

impl Copies {
    pub(super) fn arrive(&self, unique_id: Option<&str>, ack: AckHandle) -> Arrival {
        let Some(unique_id) = unique_id else { return Arrival::First(None, ack) };
        let key = self.keys.key(unique_id);
        let mut state = self.state();
        if state.done.contains(key) {
            return Arrival::Done(ack);
        }
        match state.working.get_mut(&key) {
            Some(waiting) => {
                waiting.push(ack);
                Arrival::Waits
            }
            None => {
                state.working.insert(key, Vec::new());
                Arrival::First(Some(key), ack)
            }
        }
    }

    /// The first copy's fate is known; gives the copies that have waited for it. Only what is `done` is remembered.
    pub(super) fn conclude(&self, key: Option<u128>, done: bool) -> Vec<AckHandle> {
        let Some(key) = key else { return Vec::new() };
        let mut state = self.state();
        if done {
            state.done.insert(key);
        }
        state.working.remove(&key).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
