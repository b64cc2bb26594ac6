//! How often something that is set up on a connection has come to nothing, and how long it then waits.
//!
//! What ends as soon as it is there has come to nothing too: the queue of a consumer that goes at once, a sink that panics.
//! The end of the connection itself is its link's to count.

use super::link::{Link, Up};
use super::tries::Tries;
use std::time::Duration;

/// The times that something was set up in vain, and where it was last.
#[derive(Debug, Default)]
pub(super) struct InVain {
    generation: u64,
    times: u32,
    refused: bool,
    at_once: bool,
}

impl InVain {
    /// It could not be set up; `refused` if the broker will not have it.
    pub(super) fn failed(&mut self, up: &Up, refused: bool) {
        self.count(up.generation, refused, false);
    }

    /// It was there for `lived` and has ended, on a connection that lives unless it is `lost`.
    pub(super) fn ended(&mut self, up: &Up, lived: Duration, lost: bool) {
        self.end(up.generation, lived, lost);
    }

    /// Waits before it is set up again: less and less often on a connection that lives, and no longer than that does.
    pub(super) async fn pause(&self, link: &Link) {
        if self.times > 0 && !self.at_once {
            link.pause_on(self.generation, self.times, self.refused).await;
        }
    }

    fn end(&mut self, generation: u64, lived: Duration, lost: bool) {
        if lost || !Tries::is_in_vain(lived) {
            *self = Self::default();
            return;
        }
        // The first may be a bad moment.
        let first = self.times == 0;
        self.count(generation, false, first);
    }

    fn count(&mut self, generation: u64, refused: bool, at_once: bool) {
        *self = Self { generation, times: self.times.saturating_add(1), refused, at_once };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(in_vain: &InVain) -> Option<u32> {
        (in_vain.times > 0 && !in_vain.at_once).then_some(in_vain.times)
    }

    #[test]
    fn what_ends_at_once_waits_longer_and_longer_and_what_lived_does_not() {
        let mut in_vain = InVain::default();
        let mut end = |lived, lost| {
            in_vain.end(0, lived, lost);
            waits(&in_vain)
        };
        let moment = Duration::from_millis(10);
        assert_eq!(end(moment, false), None, "once is a bad moment");
        assert_eq!(end(moment, false), Some(2));
        assert_eq!(end(moment, false), Some(3));
        assert_eq!(end(Duration::from_secs(10), false), None);
        assert_eq!(end(moment, false), None);
        assert_eq!(end(moment, true), None, "that is the connection's");
        assert_eq!(end(moment, false), None);
    }

    #[test]
    fn a_set_up_that_succeeds_is_no_end_of_the_failures_before_it() {
        let mut in_vain = InVain::default();
        in_vain.count(0, true, false);
        assert_eq!(waits(&in_vain), Some(1));
        in_vain.end(0, Duration::ZERO, false);
        assert_eq!(waits(&in_vain), Some(2));
    }
}
