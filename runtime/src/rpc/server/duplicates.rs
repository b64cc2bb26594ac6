//! Requests that the broker or a sender's retry has brought twice.

use crate::serving::{Keys, Recent};
use std::sync::{Mutex, PoisonError};

/// The `_unique_id`s of the latest requests of one server.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    keys: Keys,
    seen: Mutex<Recent>,
}

impl Duplicates {
    /// Remembers `unique_id`; whether it was new.
    pub(crate) fn is_new(&self, unique_id: &str) -> bool {
        let key = self.keys.key(unique_id);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }
}
