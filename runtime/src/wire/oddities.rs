//! Counts what Python writes and JSON elsewhere does not have, and says so once a method.

use super::short;
use crate::json::Oddities;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// After so many different methods no more are logged: names come from peers.
const MOST_LOGGED: usize = 256;

#[derive(Debug, Default)]
pub(super) struct OddityCounter {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    total: Oddities,
    logged: HashSet<String>,
}

impl OddityCounter {
    /// Counts; only messages with oddities take the lock.
    pub(super) fn count(&self, method: &str, found: Oddities) {
        if found.total() == 0 {
            return;
        }
        let method = short(method);
        // The log may come back with a message of its own: nothing is locked when it is written.
        if self.add(method, found) {
            let Oddities { non_finite, big_integers, lone_surrogates } = found;
            tracing::warn!(
                method,
                non_finite,
                big_integers,
                lone_surrogates,
                "a message holds values that only Python's JSON has; they are read as the `json` module documents, and \
                 further ones of this method are only counted"
            );
        }
    }

    /// Adds to the total; whether this is the first of its method.
    fn add(&self, method: &str, found: Oddities) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.total.non_finite += found.non_finite;
        state.total.big_integers += found.big_integers;
        state.total.lone_surrogates += found.lone_surrogates;
        state.logged.len() < MOST_LOGGED && state.logged.insert(method.to_owned())
    }

    pub(super) fn total(&self) -> Oddities {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b08_long_names_of_methods_are_counted_and_not_kept() {
        let counter = OddityCounter::default();
        let found = Oddities { non_finite: 1, ..Oddities::default() };
        counter.count(&"x".repeat(1 << 20), found);
        counter.count(&"x".repeat(1 << 21), found);
        assert_eq!(counter.total().non_finite, 2);
        let state = counter.state.lock().unwrap();
        assert!(state.logged.iter().all(|name| name.len() <= 256), "a name is kept whole");
    }
}
