//! What the driver needs to know, resolved from URL and options.

use super::amqp::Node;
use super::topology::Profile;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// In the order of the URL.
    pub(super) nodes: Vec<Node>,
    pub(super) profile: Profile,
    /// Seconds; 0 turns heartbeats off.
    pub(super) heartbeat: u16,
    /// Overrides what a subscription asks for.
    pub(super) prefetch: Option<u16>,
    /// Shown by the broker's tools.
    pub(super) connection_name: String,
    pub(super) retry: RetrySchedule,
    pub(super) io_in_caller_runtime: bool,
}

/// When a failed connection attempt is repeated: at once for the next host of the list, then after growing pauses.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetrySchedule {
    /// The first pause.
    pub(super) first: Duration,
    /// What each further pause adds.
    pub(super) step: Duration,
    /// The longest pause.
    pub(super) longest: Duration,
}

/// Wrong credentials do not get better by asking often, and brokers lock out who does.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

impl RetrySchedule {
    /// The pause before round `round` (0 is the first repetition), between half and all of its length.
    pub(super) fn pause(&self, round: u32, refused: bool) -> Duration {
        let full = (self.first + self.step.saturating_mul(round)).min(self.longest);
        let full = if refused { full.max(REFUSED_PAUSE) } else { full };
        let random = u32::try_from(uuid::Uuid::new_v4().as_u128() % 512).unwrap_or_default();
        full.mul_f64(0.5 + f64::from(random) / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_longer_when_refused() {
        let schedule = RetrySchedule {
            first: Duration::from_millis(200),
            step: Duration::from_secs(2),
            longest: Duration::from_secs(10),
        };
        for (round, refused, least, most) in
            [(0, false, 100, 200), (1, false, 1100, 2200), (50, false, 5000, 10_000), (0, true, 2500, 5000)]
        {
            let pause = schedule.pause(round, refused);
            assert!(
                pause >= Duration::from_millis(least) && pause <= Duration::from_millis(most),
                "{round}: {pause:?}"
            );
        }
    }
}
