//! Latencies of millions of calls in a few kilobytes, recorded from many tasks without a lock.
//!
//! Log-linear: 128 steps to each power of two, so a value is known to within 1 %.

use std::sync::atomic::{AtomicU64, Ordering};

const STEP_BITS: u32 = 7;
const STEPS: u64 = 1 << STEP_BITS;
/// 2^40 µs are twelve days.
const OCTAVES: u64 = 40 - STEP_BITS as u64 + 1;

/// Counts of microseconds.
pub(crate) struct Histogram {
    counts: Vec<AtomicU64>,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: (0..OCTAVES * STEPS).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(crate) fn record(&self, micros: u64) {
        let slot = slot(micros).min(self.counts.len() - 1);
        self.counts[slot].fetch_add(1, Ordering::Relaxed);
    }

    /// The value that `share` (0 to 1) of all recorded ones do not exceed; 0 when there are none.
    pub(crate) fn quantile(&self, share: f64) -> u64 {
        let total: u64 = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (slot, count) in self.counts.iter().enumerate() {
            seen += count.load(Ordering::Relaxed);
            if seen >= rank {
                return highest(slot as u64);
            }
        }
        0
    }
}

fn slot(micros: u64) -> usize {
    let octave = (u64::BITS - micros.leading_zeros()).saturating_sub(STEP_BITS + 1) as u64;
    (octave * STEPS + (micros >> octave)) as usize
}

/// The largest value of a slot.
fn highest(slot: u64) -> u64 {
    if slot < 2 * STEPS {
        return slot;
    }
    let octave = slot / STEPS - 1;
    ((slot - octave * STEPS + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_slot_that_ends_within_one_percent_of_it() {
        for micros in
            (0..10_000).chain((1..40).map(|bits| (1u64 << bits) - 1)).chain((1..39).map(|b| 3u64 << (b - 1)))
        {
            let end = highest(slot(micros) as u64);
            assert!(end >= micros, "{micros} is above its slot's end {end}");
            assert!(end - micros <= micros / 100, "{micros} is told as {end}");
        }
    }

    #[test]
    fn slots_follow_one_another_without_a_gap() {
        for slot_number in 0..2_000 {
            assert_eq!(slot(highest(slot_number) + 1) as u64, slot_number + 1);
        }
    }

    #[test]
    fn quantiles_of_a_uniform_sample() {
        let histogram = Histogram::new();
        (1..=100).for_each(|micros| histogram.record(micros));
        assert_eq!(histogram.quantile(0.5), 50);
        assert_eq!(histogram.quantile(0.99), 99);
        assert_eq!(histogram.quantile(1.0), 100);
        assert_eq!(Histogram::new().quantile(0.5), 0);
    }
}
