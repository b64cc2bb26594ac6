//! Where and when a link tries next: pure, without clock or I/O.
//!
//! A connection that is lost as soon as it is there is one more attempt in vain: a broker that lets everybody in and
//! throws them out again is left for the next host, and asked less and less often.
//!
//! Hosts are asked in rounds, and a pause follows each. One host that refuses us makes it the long one, though others be
//! merely down and back soon: they are then found some seconds later, but the one that refuses counts every attempt.

use super::settings::{RetrySchedule, Settings};
use std::time::Duration;

/// A connection that has lived this long had nothing against us.
const STEADY: Duration = Duration::from_secs(5);

/// The attempts of one link.
pub(super) struct Tries {
    schedule: RetrySchedule,
    shuffle: bool,
    nodes: usize,
    node: usize,
    in_vain: u32,
    /// Whether a host has refused us since the last pause.
    refused: bool,
}

impl Tries {
    /// Begins at any host of several, so that clients spread over a cluster.
    pub(super) fn new(settings: &Settings) -> Self {
        let nodes = settings.nodes.len().max(1);
        let (schedule, shuffle) = (settings.retry, settings.shuffle);
        Self { schedule, shuffle, nodes, node: any(nodes), in_vain: 0, refused: false }
    }

    /// Which host is next.
    pub(super) fn node(&self) -> usize {
        self.node
    }

    /// Attempts in vain since a connection lived for long enough.
    pub(super) fn in_vain(&self) -> u32 {
        self.in_vain
    }

    /// An attempt has failed; `refused` if the host will not have us. Gives the pause before the next.
    pub(super) fn failed(&mut self, refused: bool) -> Duration {
        self.in_vain = self.in_vain.saturating_add(1);
        self.refused |= refused;
        self.node = if self.shuffle { any(self.nodes) } else { (self.node + 1) % self.nodes };
        let nodes = u32::try_from(self.nodes).unwrap_or(u32::MAX);
        match (self.in_vain / nodes, self.in_vain % nodes) {
            (round, 0) => self.schedule.pause(round - 1, std::mem::take(&mut self.refused)),
            _ => Duration::ZERO,
        }
    }

    /// A connection was lost that has lived for `lived`. Gives the pause before the next attempt.
    pub(super) fn lost(&mut self, lived: Duration) -> Duration {
        let usual = self.schedule.pause_after_loss();
        if lived >= STEADY {
            (self.in_vain, self.refused) = (0, false);
            return usual;
        }
        // The first may be a network's bad moment.
        let first = self.in_vain == 0;
        let pause = self.failed(false);
        if first { usual } else { usual.max(pause) }
    }

    /// Whether the loss of a connection that has lived for `lived` is one more attempt in vain.
    pub(super) fn is_in_vain(lived: Duration) -> bool {
        lived < STEADY
    }
}

fn any(nodes: usize) -> usize {
    let random = uuid::Uuid::new_v4().as_u128();
    usize::try_from(random % nodes as u128).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tries(nodes: usize) -> Tries {
        let schedule = RetrySchedule {
            reconnect: Duration::ZERO,
            first: Duration::from_secs(1),
            step: Duration::from_secs(2),
            longest: Duration::from_secs(100),
        };
        Tries { schedule, shuffle: false, nodes, node: 0, in_vain: 0, refused: false }
    }

    #[test]
    fn all_hosts_are_tried_before_a_pause_and_pauses_grow() {
        let mut tries = tries(2);
        assert_eq!(tries.failed(false), Duration::ZERO);
        assert_eq!(tries.node(), 1);
        let first = tries.failed(false);
        assert_eq!(tries.node(), 0);
        tries.failed(false);
        let second = tries.failed(false);
        assert!(!first.is_zero() && second > first, "{first:?}, {second:?}");
        assert_eq!(tries.in_vain(), 4);
    }

    #[test]
    fn connections_that_are_lost_at_once_are_attempts_in_vain() {
        let mut tries = tries(1);
        assert_eq!(tries.lost(Duration::ZERO), Duration::ZERO, "once is a bad moment");
        let second = tries.lost(Duration::ZERO);
        let [_, _, fifth] = [0, 0, 1].map(|lived| tries.lost(Duration::from_secs(lived)));
        // Half of a pause is chance; these two do not overlap.
        assert!(!second.is_zero() && fifth > second, "{second:?}, {fifth:?}");
        assert_eq!(tries.lost(STEADY), Duration::ZERO);
        assert_eq!(tries.in_vain(), 0);
    }

    #[test]
    fn any_host_that_refuses_makes_the_pause_of_its_round_long() {
        for refusing in 0..3 {
            let mut tries = tries(3);
            tries.schedule.step = Duration::ZERO;
            let pauses = [0, 1, 2].map(|host| tries.failed(host == refusing));
            assert_eq!(pauses[..2], [Duration::ZERO; 2]);
            assert!(pauses[2] > Duration::from_secs(2), "host {refusing} refuses: {pauses:?}");
            let [_, _, next] = [false; 3].map(|refused| tries.failed(refused));
            assert!(next < Duration::from_secs(2), "nobody refuses any more: {next:?}");
        }
    }

    #[test]
    fn a_host_that_drops_at_once_is_left_and_one_that_served_long_is_not() {
        let mut tries = tries(3);
        tries.lost(STEADY);
        assert_eq!(tries.node(), 0);
        tries.lost(Duration::ZERO);
        assert_eq!(tries.node(), 1);
    }
}
