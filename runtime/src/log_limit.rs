//! Keeps lines that a peer can cause at will from filling a log.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets ten lines a second pass and counts the rest.
#[derive(Debug, Default)]
pub(crate) struct LogLimit {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    passed: u32,
    unlogged: u64,
}

const LINES: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

impl LogLimit {
    /// Whether a line may be written now; how many were not since the last that was.
    pub(crate) fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if window.since.is_none_or(|since| now.saturating_duration_since(since) >= WINDOW) {
            window.since = Some(now);
            window.passed = 0;
        }
        if window.passed >= LINES {
            window.unlogged += 1;
            return None;
        }
        window.passed += 1;
        Some(std::mem::take(&mut window.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_a_second_pass_and_the_rest_is_counted() {
        let (limit, start) = (LogLimit::default(), Instant::now());
        let passed = (0..25).filter(|_| limit.pass_at(start).is_some()).count();
        assert_eq!(passed, 10);
        assert_eq!(limit.pass_at(start + WINDOW), Some(15));
        assert_eq!(limit.pass_at(start + WINDOW), Some(0));
    }
}
