//! Seeded faults: what a plan says about each message that is published. Knows no queue; the state carries them out.

use super::random::Random;
use crate::transport::Route;
use std::time::Duration;

/// Faults that a [`MemoryBroker`](super::MemoryBroker) makes, to test what a service does about them.
///
/// Each field but `seed`, `scope`, `most` and `delay_up_to` is a probability from 0 to 1 for each message in scope. With
/// one thread the same seed, plan and messages give the same faults.
///
/// ```
/// use oslo_messaging::drivers::memory::{FaultPlan, FaultScope, MemoryBroker};
///
/// let broker = MemoryBroker::named("faulty");
/// // The first reply is lost; everything else arrives.
/// broker.faults(FaultPlan { lose: 1.0, scope: FaultScope::Replies, most: Some(1), ..FaultPlan::seeded(7) });
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FaultPlan {
    /// Where the random numbers start.
    pub seed: u64,
    /// The message is confirmed and lost.
    pub lose: f64,
    /// The message arrives twice, with the same unique id.
    pub duplicate: f64,
    /// The message arrives later, after up to `delay_up_to`. Needs a tokio runtime at the publisher; without one it
    /// arrives at once.
    pub delay: f64,
    /// The longest delay. Default 100 ms.
    pub delay_up_to: Duration,
    /// The message changes places with another that waits in the same queue.
    pub reorder: f64,
    /// The consumers of the queue are cut off when the message has arrived, as by
    /// [`kill_consumers`](super::MemoryBroker::kill_consumers).
    pub kill: f64,
    /// The message arrives, but its publisher is told that the confirmation is missing. Together with `lose` the
    /// message does not arrive either.
    pub unconfirmed: f64,
    /// Which messages.
    pub scope: FaultScope,
    /// After so many faults the broker behaves. Default: no end.
    pub most: Option<u64>,
}

/// Which messages a [`FaultPlan`] is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultScope {
    /// All.
    #[default]
    All,
    /// Calls and casts, to a topic, a server or all servers.
    Requests,
    /// Replies.
    Replies,
    /// Notifications.
    Notifications,
}

/// How many faults of each kind were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultCounts {
    /// Messages lost.
    pub lost: u64,
    /// Messages that arrived twice.
    pub duplicated: u64,
    /// Messages that arrived later.
    pub delayed: u64,
    /// Messages that changed places, where there was another.
    pub reordered: u64,
    /// Messages whose queue's consumers were cut off.
    pub killed: u64,
    /// Messages whose confirmation was withheld.
    pub unconfirmed: u64,
}

impl FaultCounts {
    /// All together.
    pub fn total(&self) -> u64 {
        self.lost + self.duplicated + self.delayed + self.reordered + self.killed + self.unconfirmed
    }
}

impl FaultPlan {
    /// A plan without faults; set the fields that you want.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            lose: 0.0,
            duplicate: 0.0,
            delay: 0.0,
            delay_up_to: Duration::from_millis(100),
            reorder: 0.0,
            kill: 0.0,
            unconfirmed: 0.0,
            scope: FaultScope::All,
            most: None,
        }
    }
}

/// What happens to one message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) lost: bool,
    pub(super) twice: bool,
    pub(super) delay: Option<Duration>,
    pub(super) reorder: bool,
    pub(super) kill: bool,
    pub(super) unconfirmed: bool,
}

/// A plan at work.
#[derive(Debug)]
pub(super) struct Faults {
    plan: FaultPlan,
    pub(super) random: Random,
    pub(super) counts: FaultCounts,
}

impl Faults {
    pub(super) fn new(plan: FaultPlan) -> Self {
        Self { random: Random::seeded(plan.seed), plan, counts: FaultCounts::default() }
    }

    /// What happens to a message on `route`.
    pub(super) fn fate(&mut self, route: &Route) -> Fate {
        if !self.plan.scope.covers(route) {
            return Fate::default();
        }
        // All are drawn for every message, so that changing one probability leaves the others' faults where they were.
        let drawn: [f64; 7] = std::array::from_fn(|_| self.random.fraction());
        let [unconfirmed, lose, duplicate, delay, delay_for, reorder, kill] = drawn;
        let mut fate = Fate::default();
        if self.hits(unconfirmed, self.plan.unconfirmed) {
            self.counts.unconfirmed += 1;
            fate.unconfirmed = true;
        }
        if self.hits(lose, self.plan.lose) {
            self.counts.lost += 1;
            fate.lost = true;
            return fate;
        }
        if self.hits(duplicate, self.plan.duplicate) {
            self.counts.duplicated += 1;
            fate.twice = true;
        }
        if self.hits(delay, self.plan.delay) {
            self.counts.delayed += 1;
            fate.delay = Some(self.plan.delay_up_to.mul_f64(delay_for));
        }
        if self.hits(kill, self.plan.kill) {
            self.counts.killed += 1;
            fate.kill = true;
        }
        fate.reorder = self.hits(reorder, self.plan.reorder);
        fate
    }

    fn hits(&self, drawn: f64, probability: f64) -> bool {
        drawn < probability && self.plan.most.is_none_or(|most| self.counts.total() < most)
    }
}

impl FaultScope {
    fn covers(self, route: &Route) -> bool {
        match self {
            Self::All => true,
            Self::Requests => {
                matches!(route, Route::Topic { .. } | Route::Server { .. } | Route::Fanout { .. })
            }
            Self::Replies => matches!(route, Route::Reply { .. }),
            Self::Notifications => matches!(route, Route::Notification { .. }),
        }
    }
}
