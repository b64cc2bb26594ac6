//! Requests that the broker or a sender's retry has brought twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// How many of the latest requests are remembered. Python remembers 16, fewer than one server has under way at a time; a
/// connection lost under load brings back up to a prefetch of each of three queues, which is far below this.
const WINDOW: usize = 1024;

/// The `_unique_id`s of the latest requests of one server.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    seen: Mutex<Seen>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Seen {
    order: VecDeque<u128>,
    ids: HashSet<u128>,
}

impl Duplicates {
    /// Remembers `unique_id`; whether it was new.
    pub(crate) fn is_new(&self, unique_id: &str) -> bool {
        let id = self.key(unique_id);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.ids.insert(id) {
            return false;
        }
        let oldest = if seen.order.len() == WINDOW { seen.order.pop_front() } else { None };
        if let Some(oldest) = oldest {
            seen.ids.remove(&oldest);
        }
        seen.order.push_back(id);
        true
    }

    /// The id's number; a foreign peer may write other ids than 32 hex digits.
    fn key(&self, unique_id: &str) -> u128 {
        match u128::from_str_radix(unique_id, 16) {
            Ok(id) if unique_id.len() == 32 => id,
            _ => {
                let halves = (self.hasher.hash_one(unique_id), self.hasher.hash_one((unique_id, 0)));
                u128::from(halves.0) << 64 | u128::from(halves.1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_within_the_window() {
        let duplicates = Duplicates::default();
        let id = |n: usize| format!("{n:032x}");
        for n in 0..WINDOW {
            assert!(duplicates.is_new(&id(n)));
        }
        assert!(!duplicates.is_new(&id(0)));
        assert!(duplicates.is_new(&id(WINDOW)));
        assert!(duplicates.is_new(&id(0)), "the oldest has left the window");
        assert!(!duplicates.is_new(&id(WINDOW)));
    }

    #[test]
    fn ids_of_other_forms_count_too() {
        let duplicates = Duplicates::default();
        assert!(duplicates.is_new("one") && duplicates.is_new("two"));
        assert!(!duplicates.is_new("one"));
    }
}
