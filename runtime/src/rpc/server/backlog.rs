//! The replies that wait to be sent again because the broker has turned them away: only so many, and only so large. A peer
//! that names addresses behind which there is nothing makes as many of them as it likes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most bytes of them.
const MOST_BYTES: usize = 64 << 20;

/// How many there are.
#[derive(Debug)]
pub(crate) struct Backlog {
    most: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    replies: usize,
    bytes: usize,
}

impl Backlog {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// A place for a reply of so many bytes, if there is one. A single one of any size has one: what is within the limits of
    /// a message can be sent again.
    pub(crate) fn place(self: &Arc<Self>, bytes: usize) -> Option<Place> {
        let mut taken = self.taken();
        let all = taken.bytes.saturating_add(bytes);
        if taken.replies >= self.most || (taken.replies > 0 && all > MOST_BYTES) {
            return None;
        }
        *taken = Taken { replies: taken.replies + 1, bytes: all };
        Some(Place { backlog: Arc::clone(self), bytes })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A reply's place, its own until it is dropped: one that has waited long is not given up for a newer one.
#[derive(Debug)]
pub(crate) struct Place {
    backlog: Arc<Backlog>,
    bytes: usize,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.backlog.taken();
        taken.replies -= 1;
        taken.bytes -= self.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let backlog = Backlog::new(2);
        let (first, second) = (backlog.place(1), backlog.place(MOST_BYTES - 1));
        assert!(first.is_some() && second.is_some() && backlog.place(0).is_none(), "two are there");
        drop(second);
        assert!(backlog.place(MOST_BYTES).is_none(), "too many bytes");
        drop(first);
        let huge = backlog.place(usize::MAX);
        assert!(huge.is_some() && backlog.place(1).is_none());
        drop(huge);
        assert!(backlog.place(1).is_some());
    }
}
