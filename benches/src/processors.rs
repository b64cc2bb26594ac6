//! How far the machine's processors are apart. Knows nothing of peers.

use std::hint::spin_loop;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::thread;
use std::time::{Duration, Instant};

use crate::figures::median;

/// Times are taken of so many trips together: of one they would be those of the clock.
const TRIPS: u32 = 16;
const ENOUGH: usize = 100;
const TIME: Duration = Duration::from_millis(20);
/// Threads that begin on one processor are moved apart within this, unless others keep them there.
const PATIENCE: Duration = Duration::from_millis(500);
const END: u64 = u64::MAX;

/// Nanoseconds that a word takes from one processor to another and back; none where no second one is to be had. On a virtual
/// machine the host changes it for minutes at a time (from about 70 to about 350 and back), and with it the rate of everything
/// whose threads write what others read. Occupies the calling thread for at least 20 ms.
pub(crate) fn apart_ns() -> Option<f64> {
    if thread::available_parallelism().map_or(1, usize::from) < 2 {
        return None;
    }
    let word = AtomicU64::new(0);
    let trips = thread::scope(|scope| {
        scope.spawn(|| answer(&word));
        ask(&word)
    });
    if trips.len() < ENOUGH { None } else { median(trips) }
}

/// Writes odd numbers and waits for the even ones behind them.
fn ask(word: &AtomicU64) -> Vec<f64> {
    let (begun, mut trips, mut number) = (Instant::now(), Vec::new(), 1);
    while begun.elapsed() < if trips.len() < ENOUGH { PATIENCE } else { TIME } {
        let left = Instant::now();
        for _ in 0..TRIPS {
            word.store(number, Release);
            while word.load(Acquire) == number {
                spin_loop();
            }
            number += 2;
        }
        trips.push(left.elapsed().as_nanos() as f64 / f64::from(TRIPS));
    }
    word.store(END, Release);
    trips
}

fn answer(word: &AtomicU64) {
    loop {
        match word.load(Acquire) {
            END => return,
            asked if asked % 2 == 1 => word.store(asked + 1, Release),
            _ => spin_loop(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trip_takes_time_and_the_probe_ends() {
        let begun = Instant::now();
        if let Some(nanos) = apart_ns() {
            assert!(nanos > 1.0, "{nanos}");
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
