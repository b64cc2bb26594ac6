//! How many messages a driver has under way to the broker: whether each is best written at once, or together with others.
//!
//! Between the connections of a driver, which see how many there are, and those who write. Knows nothing of AMQP.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// From here on, what one waits for others is made up for by what they share; with two processors, about twelve calls at a
/// time, of which half are on their way to their server.
const MANY: u64 = 6;
/// Weight of what was, against 1 of what is seen.
const INERTIA: u64 = 7;
/// The mean is counted in parts of a message.
const PARTS: u64 = 64;

/// On a runtime of several threads a sample may be lost, and nobody misses it.
#[derive(Default)]
pub(super) struct Traffic {
    /// Running mean of the messages in flight.
    in_flight: AtomicU64,
}

impl Traffic {
    /// The broker has answered for a message, and so many more were published behind it meanwhile.
    pub(super) fn answered(&self, in_flight: u64) {
        let mean = self.in_flight.load(Relaxed);
        let seen = in_flight.min(8 * MANY) * PARTS;
        self.in_flight.store((mean * INERTIA + seen) / (INERTIA + 1), Relaxed);
    }

    /// Whether so many are under way that each costs least together with others. If not, none is to wait for another.
    pub(super) fn is_heavy(&self) -> bool {
        self.in_flight.load(Relaxed) >= MANY * PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_what_is_in_flight() {
        let traffic = Traffic::default();
        for (in_flight, heavy) in
            [(0, false), (MANY - 1, false), (MANY + 1, true), (1_000_000, true), (3, false)]
        {
            (0..100).for_each(|_| traffic.answered(in_flight));
            assert_eq!(traffic.is_heavy(), heavy, "{in_flight}");
        }
    }

    #[test]
    fn one_burst_among_single_messages_changes_little() {
        let traffic = Traffic::default();
        (0..100).for_each(|_| traffic.answered(1_000_000));
        (0..100).for_each(|_| traffic.answered(0));
        traffic.answered(MANY * INERTIA);
        assert!(!traffic.is_heavy());
    }
}
