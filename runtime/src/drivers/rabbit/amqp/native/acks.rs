//! Acknowledgements of one channel, gathered until the connection writes: those of the oldest deliveries become one frame.
//!
//! A frame of its own for each would cost the broker as much as the message. Pure: tags in, tags out.

use std::collections::VecDeque;

/// Most acknowledgements that wait for others.
const MOST: usize = 32;

/// Deliveries that are not acknowledged yet, and acknowledgements that are not written yet.
#[derive(Debug)]
pub(super) struct Acks {
    /// As many unwritten ones are written at once.
    enough: usize,
    /// Ascending; as many as the prefetch limits allow.
    outstanding: VecDeque<u64>,
    /// No longer outstanding.
    unwritten: Vec<u64>,
}

impl Default for Acks {
    fn default() -> Self {
        Self { enough: MOST, outstanding: VecDeque::new(), unwritten: Vec::new() }
    }
}

impl Acks {
    /// A consumer gets at most `prefetch` deliveries before it acknowledges one; 0 is no limit. The half of them that is
    /// not gathered keeps it busy.
    pub(super) fn limit(&mut self, prefetch: u16) {
        if prefetch > 0 {
            self.enough = usize::from(prefetch / 2).clamp(1, MOST);
        }
    }

    /// Whether so many are unwritten that they wait for no more.
    pub(super) fn are_enough(&self) -> bool {
        self.unwritten.len() >= self.enough
    }

    /// A delivery has come. Tags only grow.
    pub(super) fn delivered(&mut self, tag: u64) {
        self.outstanding.push_back(tag);
    }

    /// A delivery is done with; whether it is the first one to be written. `None` where it was not outstanding.
    pub(super) fn ack(&mut self, tag: u64) -> Option<bool> {
        let first = self.unwritten.is_empty();
        self.settle(tag).then(|| {
            self.unwritten.push(tag);
            first
        })
    }

    /// A delivery is settled by other means; whether it was outstanding.
    pub(super) fn settle(&mut self, tag: u64) -> bool {
        if self.outstanding.front() == Some(&tag) {
            self.outstanding.pop_front();
            return true;
        }
        let place = self.outstanding.binary_search(&tag);
        place.is_ok_and(|place| self.outstanding.remove(place).is_some())
    }

    /// Gives everything unwritten to `put`, as tag and "and all before it".
    pub(super) fn write(&mut self, mut put: impl FnMut(u64, bool)) {
        self.unwritten.sort_unstable();
        // Whatever is older than the oldest delivery that is still outstanding is acknowledged, one way or another.
        let oldest = self.outstanding.front().copied().unwrap_or(u64::MAX);
        let together = self.unwritten.partition_point(|tag| *tag < oldest);
        let (together, single) = self.unwritten.split_at(together);
        if let Some(last) = together.last() {
            put(*last, together.len() > 1);
        }
        single.iter().for_each(|tag| put(*tag, false));
        self.unwritten.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(acks: &mut Acks) -> Vec<(u64, bool)> {
        let mut written = Vec::new();
        acks.write(|tag, multiple| written.push((tag, multiple)));
        written
    }

    fn delivered(count: u64) -> Acks {
        let mut acks = Acks::default();
        (1..=count).for_each(|tag| acks.delivered(tag));
        acks
    }

    #[test]
    fn one_is_written_alone_and_several_of_the_oldest_together() {
        let mut acks = delivered(5);
        assert_eq!(acks.ack(1), Some(true));
        assert_eq!(written(&mut acks), [(1, false)]);
        assert_eq!(acks.ack(3), Some(true));
        assert_eq!(acks.ack(2), Some(false));
        assert_eq!(written(&mut acks), [(3, true)]);
        assert_eq!(written(&mut acks), []);
    }

    #[test]
    fn nothing_outstanding_is_acknowledged_by_a_newer_one() {
        let mut acks = delivered(6);
        for tag in [6, 2, 4, 1] {
            acks.ack(tag);
        }
        assert_eq!(written(&mut acks), [(2, true), (4, false), (6, false)]);
        acks.ack(3);
        // 4 is acknowledged already: a frame must name a tag that the broker still knows.
        assert_eq!(written(&mut acks), [(3, false)]);
        acks.ack(5);
        assert_eq!(written(&mut acks), [(5, false)]);
    }

    #[test]
    fn what_is_settled_otherwise_holds_nothing_up_and_is_not_written() {
        let mut acks = delivered(3);
        assert!(acks.settle(1));
        assert!(!acks.settle(1));
        assert_eq!(acks.ack(1), None);
        acks.ack(2);
        assert_eq!(acks.ack(2), None);
        acks.ack(3);
        assert_eq!(written(&mut acks), [(3, true)]);
    }

    #[test]
    fn one_that_is_held_for_ever_takes_no_memory_for_the_others() {
        let mut acks = delivered(1);
        for tag in 2..10_000 {
            acks.delivered(tag);
            acks.ack(tag);
            assert_eq!(written(&mut acks), [(tag, false)]);
        }
        assert_eq!(acks.outstanding.len(), 1);
        assert!(acks.outstanding.capacity() < 16 && acks.unwritten.capacity() < 16);
    }
}
