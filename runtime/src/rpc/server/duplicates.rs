//! Requests that the broker or a sender's retry has brought twice.

use crate::serving::Recent;
use std::sync::{Mutex, PoisonError};

/// The `_unique_id`s of the latest requests of one server.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    seen: Mutex<Recent>,
}

impl Duplicates {
    /// Remembers `unique_id`; whether it was new.
    pub(crate) fn is_new(&self, unique_id: &str) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let key = seen.key(unique_id);
        seen.insert(key)
    }
}
