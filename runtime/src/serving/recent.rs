//! The ids of the latest messages, to know one again that the broker or a sender's retry brings twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// How many of the latest messages are remembered. Python remembers 16, fewer than one process has under way at a time; a
/// connection lost under load brings back up to a prefetch of each queue, which is far below this.
const WINDOW: usize = 1024;

/// The latest `_unique_id`s.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    order: VecDeque<u128>,
    ids: HashSet<u128>,
    hasher: RandomState,
}

impl Recent {
    /// The id's number; a foreign peer may write other ids than 32 hex digits.
    pub(crate) fn key(&self, unique_id: &str) -> u128 {
        match u128::from_str_radix(unique_id, 16) {
            Ok(id) if unique_id.len() == 32 => id,
            _ => {
                let halves = (self.hasher.hash_one(unique_id), self.hasher.hash_one((unique_id, 0)));
                u128::from(halves.0) << 64 | u128::from(halves.1)
            }
        }
    }

    pub(crate) fn contains(&self, key: u128) -> bool {
        self.ids.contains(&key)
    }

    /// Remembers a key; whether it was new.
    pub(crate) fn insert(&mut self, key: u128) -> bool {
        if !self.ids.insert(key) {
            return false;
        }
        let oldest = if self.order.len() == WINDOW { self.order.pop_front() } else { None };
        if let Some(oldest) = oldest {
            self.ids.remove(&oldest);
        }
        self.order.push_back(key);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_within_the_window() {
        let mut recent = Recent::default();
        let id = |n: usize| n as u128;
        for n in 0..WINDOW {
            assert!(recent.insert(id(n)));
        }
        assert!(!recent.insert(id(0)));
        assert!(recent.insert(id(WINDOW)));
        assert!(recent.insert(id(0)), "the oldest has left the window");
        assert!(!recent.insert(id(WINDOW)));
    }

    #[test]
    fn ids_of_other_forms_count_too() {
        let recent = Recent::default();
        assert_eq!(recent.key("one"), recent.key("one"));
        assert_ne!(recent.key("one"), recent.key("two"));
        assert_eq!(recent.key("0123456789abcdef0123456789ABCDEF"), 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    }
}
