//! Adaptive coalescing: how long the driver's thread lets things come together before it looks again.
//!
//! When many messages are under way, each costs least where it shares packets, system calls and wake-ups with others, at the
//! broker too. So between two rounds of work the thread rests for a small part of the time that the broker takes for a
//! message anyway: a call that waits for milliseconds does not notice, and one that is alone never waits. Knows nothing of
//! AMQP: connections say what they see of the broker's time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// A rest is this part of the broker's time for a message. The rests of a call, on its four ways through a connection of its
/// client or its server, are then at most two thirds of that time.
const PART: u64 = 6;
/// Longest rest, in nanoseconds. Nothing is won by more.
const LONGEST: u64 = 250_000;
/// A shorter one is not worth its timer.
const SHORTEST: u64 = 100_000;
/// Messages in flight to the broker: with fewer, rests are longer than what they save.
const MANY: u64 = 12;
/// With fewer in flight, each is written by itself.
const FEW: u64 = 8;
/// A round that moves more bytes has come together by itself, and a rest would let the socket's buffers run full.
const MUCH: u64 = 64 << 10;
/// Rests after which the broker's time has to be known anew: something else may go on by then.
const RESTS: u32 = 32;
/// Weight of what was, against 1 of what is seen.
const INERTIA: u64 = 7;
/// The mean of those in flight is counted in parts of a message.
const PARTS: u64 = 64;

/// Between the connections of a driver and its thread, which alone changes the means. On a runtime of several threads a sample
/// may be lost, and nobody misses it.
#[derive(Default)]
pub(super) struct Pace {
    /// Bytes that came or went since the last look.
    moved: AtomicU64,
    /// Running mean of the broker's time for a message, in nanoseconds.
    round_trip: AtomicU64,
    /// Running mean of the messages in flight behind it.
    in_flight: AtomicU64,
    /// Rests until the broker's time has to be known anew.
    left: AtomicU32,
}

impl Pace {
    /// Bytes came from the broker or went there.
    pub(super) fn moved(&self, bytes: usize) {
        self.moved.fetch_add(bytes as u64, Relaxed);
    }

    /// The broker took so long for one message, and `in_flight` more were published behind it meanwhile.
    pub(super) fn answered(&self, round_trip: Duration, in_flight: u64) {
        let round_trip = u64::try_from(round_trip.as_nanos()).unwrap_or(u64::MAX);
        follow(&self.round_trip, round_trip.min(PART * LONGEST));
        follow(&self.in_flight, in_flight.min(4 * MANY) * PARTS);
        self.left.store(RESTS, Relaxed);
    }

    /// Whether so few messages are under way that none is to wait for others.
    pub(super) fn is_quiet(&self) -> bool {
        self.in_flight.load(Relaxed) < FEW * PARTS
    }

    /// For the thread before it waits for work: how long it lets work come together first.
    pub(super) fn rest(&self) -> Option<Duration> {
        let moved = self.moved.swap(0, Relaxed);
        let left = self.left.load(Relaxed);
        // Nothing has happened: whatever comes next comes alone.
        if moved == 0 || moved > MUCH || left == 0 || self.in_flight.load(Relaxed) < MANY * PARTS {
            return None;
        }
        let rest = self.round_trip.load(Relaxed) / PART;
        if rest < SHORTEST {
            return None;
        }
        self.left.store(left - 1, Relaxed);
        Some(Duration::from_nanos(rest))
    }

    #[cfg(test)]
    pub(super) fn rests_left(&self) -> u32 {
        self.left.load(Relaxed)
    }
}

fn follow(mean: &AtomicU64, seen: u64) {
    mean.store((mean.load(Relaxed) * INERTIA + seen) / (INERTIA + 1), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn pace(round_trip: Duration, in_flight: u64) -> Pace {
        let pace = Pace::default();
        for _ in 0..100 {
            pace.answered(round_trip, in_flight);
        }
        pace.moved(1000);
        pace
    }

    #[test]
    fn a_rest_is_a_small_part_of_what_a_message_takes_and_has_an_end() {
        let rest = pace(MILLISECOND, 20).rest().unwrap();
        assert!(rest <= MILLISECOND / 6 && rest > MILLISECOND / 7, "{rest:?}");
        let longest = Duration::from_nanos(LONGEST);
        let rest = pace(Duration::from_secs(3), 20).rest().unwrap();
        assert!(rest <= longest && rest > longest.mul_f64(0.99), "{rest:?}");
    }

    #[test]
    fn what_is_alone_or_fast_never_waits() {
        assert_eq!(pace(MILLISECOND, 3).rest(), None);
        assert_eq!(pace(MILLISECOND / 3, 1000).rest(), None);
        assert_eq!(Pace::default().rest(), None);
    }

    #[test]
    fn nobody_rests_where_nothing_happens_or_much_does() {
        let pace = pace(MILLISECOND, 20);
        assert!(pace.rest().is_some());
        assert_eq!(pace.rest(), None);
        pace.moved(usize::try_from(MUCH).unwrap() + 1);
        assert_eq!(pace.rest(), None);
    }

    #[test]
    fn what_was_known_of_the_broker_is_forgotten() {
        let pace = pace(MILLISECOND, 20);
        let rests = std::iter::repeat_with(|| {
            pace.moved(1);
            pace.rest()
        });
        assert_eq!(rests.take(1000).flatten().count(), RESTS as usize);
        pace.answered(MILLISECOND, 20);
        pace.moved(1);
        assert!(pace.rest().is_some());
    }

    #[test]
    fn one_that_took_long_among_many_that_did_not_changes_little() {
        let pace = pace(MILLISECOND / 5, 20);
        pace.answered(Duration::from_secs(10), 20);
        assert_eq!(pace.rest(), None);
    }
}
