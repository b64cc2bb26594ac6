//! The attempts of a link to connect, counted for those who wait for it: without clock or I/O.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many connections are remembered. Each has lived for some seconds: whoever waits for longer than all of them together
/// counts those before them as failed.
const REMEMBERED: usize = 256;

/// Attempts of a link, numbered from 1 for as long as it is there. One is made at a time.
#[derive(Default)]
pub(super) struct Attempts {
    /// The last one that was begun.
    begun: AtomicU64,
    /// The last one that failed.
    failed: AtomicU64,
    /// Those whose connection was of use, oldest first: they lie between the ones that failed.
    served: Mutex<VecDeque<u64>>,
}

impl Attempts {
    /// The next one begins.
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// The last one has failed: with no connection, or one that was of no use.
    pub(super) fn fail(&self) {
        self.failed.store(self.mark(), Ordering::SeqCst);
    }

    /// The connection of the last one was of use, and has ended.
    pub(super) fn serve(&self) {
        let mut served = self.served();
        if served.len() == REMEMBERED {
            served.pop_front();
        }
        served.push_back(self.mark());
    }

    /// The last one that has begun, to count from.
    pub(super) fn mark(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    /// How many have failed that began after `mark`.
    pub(super) fn failed_since(&self, mark: u64) -> u32 {
        let last = self.failed.load(Ordering::SeqCst);
        if last <= mark {
            return 0;
        }
        let served = self.served();
        let between =
            served.iter().rev().take_while(|number| **number > mark).filter(|number| **number < last).count();
        u32::try_from((last - mark).saturating_sub(between as u64)).unwrap_or(u32::MAX)
    }

    fn served(&self) -> MutexGuard<'_, VecDeque<u64>> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(attempts: &Attempts, count: u32) {
        for _ in 0..count {
            attempts.begin();
            attempts.fail();
        }
    }

    #[test]
    fn an_attempt_that_came_to_something_is_none_of_those_that_failed() {
        let attempts = Attempts::default();
        failing(&attempts, 2);
        let before = attempts.mark();
        failing(&attempts, 1);
        attempts.begin();
        let during = attempts.mark();
        assert_eq!((attempts.failed_since(before), attempts.failed_since(during)), (1, 0));
        attempts.serve();
        assert_eq!((attempts.failed_since(before), attempts.failed_since(during)), (1, 0));
        failing(&attempts, 1);
        assert_eq!((attempts.failed_since(before), attempts.failed_since(during)), (2, 1));
        assert_eq!(attempts.failed_since(0), 4);
    }

    #[test]
    fn an_attempt_that_was_under_way_does_not_count_when_it_fails() {
        let attempts = Attempts::default();
        attempts.begin();
        let during = attempts.mark();
        attempts.fail();
        assert_eq!((attempts.failed_since(0), attempts.failed_since(during)), (1, 0));
    }
}
