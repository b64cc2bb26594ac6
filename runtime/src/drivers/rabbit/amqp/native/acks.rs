//! Acknowledgements of one channel, gathered until the connection writes: those of the oldest deliveries become one frame.
//!
//! A frame of its own for each would cost the broker as much as the message. Pure: tags in, tags out.

use std::collections::VecDeque;

/// Most acknowledgements that wait for others.
const MOST: u8 = 32;

/// Deliveries that are not acknowledged yet, and acknowledgements that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Acks {
    /// Ascending by tag; as many as the prefetch limits allow.
    outstanding: VecDeque<Outstanding>,
    /// No longer outstanding.
    unwritten: Vec<u64>,
}

/// A delivery that is not acknowledged yet.
#[derive(Debug, Clone, Copy)]
struct Outstanding {
    tag: u64,
    consumer: u32,
    enough: Enough,
}

/// How many unwritten acknowledgements of a channel wait for no more, once one of a consumer is among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Enough(u8);

impl Enough {
    /// A consumer gets at most `prefetch` deliveries before it acknowledges one; 0 is no limit. The half of them that is
    /// not gathered keeps it busy.
    pub(super) fn of(prefetch: u16) -> Self {
        Self(match prefetch {
            0 => MOST,
            limit => u8::try_from(limit / 2).unwrap_or(MOST).clamp(1, MOST),
        })
    }
}

/// An acknowledgement that is not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unwritten {
    /// It is the only one.
    pub(super) first: bool,
    /// They are so many that they wait for no more.
    pub(super) enough: bool,
}

impl Acks {
    /// A delivery has come. Tags only grow.
    pub(super) fn delivered(&mut self, tag: u64, consumer: u32, enough: Enough) {
        self.outstanding.push_back(Outstanding { tag, consumer, enough });
    }

    /// A delivery is done with. `None` where it was not outstanding.
    pub(super) fn ack(&mut self, tag: u64) -> Option<Unwritten> {
        let Enough(enough) = self.take(tag)?.enough;
        let first = self.unwritten.is_empty();
        self.unwritten.push(tag);
        Some(Unwritten { first, enough: self.unwritten.len() >= usize::from(enough) })
    }

    /// A delivery is settled by other means; whether it was outstanding.
    pub(super) fn settle(&mut self, tag: u64) -> bool {
        self.take(tag).is_some()
    }

    /// Settles all deliveries of a consumer by other means; their tags.
    pub(super) fn settle_all(&mut self, consumer: u32) -> Vec<u64> {
        let all = self.outstanding.iter().filter(|held| held.consumer == consumer);
        let tags = all.map(|held| held.tag).collect();
        self.outstanding.retain(|held| held.consumer != consumer);
        tags
    }

    fn take(&mut self, tag: u64) -> Option<Outstanding> {
        if self.outstanding.front().is_some_and(|oldest| oldest.tag == tag) {
            return self.outstanding.pop_front();
        }
        let place = self.outstanding.binary_search_by_key(&tag, |held| held.tag).ok()?;
        self.outstanding.remove(place)
    }

    /// Gives everything unwritten to `put`, as tag and "and all before it".
    pub(super) fn write(&mut self, mut put: impl FnMut(u64, bool)) {
        self.unwritten.sort_unstable();
        // Whatever is older than the oldest delivery that is still outstanding is acknowledged, one way or another.
        let oldest = self.outstanding.front().map_or(u64::MAX, |oldest| oldest.tag);
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
        (1..=count).for_each(|tag| acks.delivered(tag, 1, Enough::of(0)));
        acks
    }

    #[test]
    fn one_is_written_alone_and_several_of_the_oldest_together() {
        let mut acks = delivered(5);
        assert!(acks.ack(1).unwrap().first);
        assert_eq!(written(&mut acks), [(1, false)]);
        assert!(acks.ack(3).unwrap().first);
        assert!(!acks.ack(2).unwrap().first);
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
            acks.delivered(tag, 1, Enough::of(0));
            acks.ack(tag);
            assert_eq!(written(&mut acks), [(tag, false)]);
        }
        assert_eq!(acks.outstanding.len(), 1);
        assert!(acks.outstanding.capacity() < 16 && acks.unwritten.capacity() < 16);
    }

    /// A consumer with a small limit gets nothing more while its acknowledgements wait for those of others.
    #[test]
    fn each_consumer_says_how_many_are_enough() {
        for (prefetch, enough) in [(0, 32), (1, 1), (2, 1), (5, 2), (64, 32), (u16::MAX, 32)] {
            assert_eq!(Enough::of(prefetch), Enough(enough), "{prefetch}");
        }
        let mut acks = delivered(3);
        acks.delivered(4, 2, Enough::of(4));
        let enough = [1, 2, 4, 3].map(|tag| acks.ack(tag).unwrap().enough);
        assert_eq!(enough, [false, false, true, false]);
    }

    #[test]
    fn what_one_consumer_holds_is_settled_and_what_others_hold_is_not() {
        let mut acks = delivered(2);
        acks.delivered(3, 2, Enough::of(0));
        acks.delivered(4, 1, Enough::of(0));
        acks.ack(1);
        assert_eq!(acks.settle_all(1), [2, 4]);
        assert_eq!(acks.ack(4), None);
        assert!(acks.settle_all(1).is_empty());
        assert!(acks.ack(3).is_some());
        assert_eq!(written(&mut acks), [(3, true)]);
    }
}
