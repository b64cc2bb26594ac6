//! The ids of the latest messages, to know one again that the broker or a sender's retry brings twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, Hasher, RandomState};

/// How many of the latest messages are remembered. Python remembers 16, fewer than one process has under way at a time; a
/// connection lost under load brings back up to a prefetch of each queue, which is far below this.
const WINDOW: usize = 1024;

/// Makes numbers of `_unique_id`s; apart from [`Recent`], which stands behind a lock that needs not be held for this.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    hasher: RandomState,
}

impl Keys {
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
}

/// The latest `_unique_id`s.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    order: VecDeque<u128>,
    ids: HashSet<u128, Seed>,
}

impl Recent {
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

/// Hashes keys, which are random already unless a peer picks them: the seed keeps it from picking such as collide.
#[derive(Debug, Clone)]
struct Seed(u128);

impl Default for Seed {
    fn default() -> Self {
        let random = RandomState::new();
        Self(u128::from(random.hash_one(0)) << 64 | u128::from(random.hash_one(1)))
    }
}

impl BuildHasher for Seed {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher(self.0)
    }
}

struct KeyHasher(u128);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u128(u128::from(byte)));
    }

    fn write_u128(&mut self, key: u128) {
        let mixed = key ^ self.0;
        let product = u128::from((mixed >> 64) as u64) * u128::from(mixed as u64);
        self.0 = product ^ product.rotate_left(64);
    }

    fn finish(&self) -> u64 {
        self.0 as u64
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
        let keys = Keys::default();
        assert_eq!(keys.key("one"), keys.key("one"));
        assert_ne!(keys.key("one"), keys.key("two"));
        assert_eq!(keys.key("0123456789abcdef0123456789ABCDEF"), 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    }

    #[test]
    fn keys_that_differ_in_one_digit_hash_apart() {
        let seed = Seed::default();
        let hashes: HashSet<u64> = (0..128).map(|bit| seed.hash_one(1u128 << bit)).collect();
        assert_eq!(hashes.len(), 128);
    }
}
