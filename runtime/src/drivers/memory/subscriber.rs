//! A subscription as the broker keeps it: its consumers, what they hold, and who is told. Knows no queue's content.

use super::outlet::Outlet;
use super::queue::Entry;
use crate::transport::{Acknowledge, Sink};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One consumer: a route of a subscription on its queue.
#[derive(Debug)]
pub(super) struct LaneState {
    pub(super) queue: Arc<str>,
    /// Whether the queue is deleted with the subscription (fanout, replies).
    pub(super) own_queue: bool,
    /// Most unacknowledged deliveries; 0 is no limit.
    prefetch: usize,
    unacknowledged: usize,
    /// Whether a delivery is done with when it is made: its sink acknowledges each at once, and nobody else could have it.
    pub(super) settled: bool,
    /// Whether it stands in its queue's line of consumers with room.
    pub(super) in_line: bool,
    /// Whether it takes deliveries; false after a cancel.
    pub(super) active: bool,
}

impl LaneState {
    pub(super) fn new(queue: Arc<str>, own_queue: bool, prefetch: u16) -> Self {
        let prefetch = prefetch.into();
        Self { queue, own_queue, prefetch, unacknowledged: 0, settled: false, in_line: false, active: true }
    }

    /// The consumer of a driver's own replies.
    pub(super) fn of_replies(queue: Arc<str>) -> Self {
        Self { settled: true, ..Self::new(queue, true, 0) }
    }

    /// Whether it may be given another message.
    pub(super) fn has_room(&self) -> bool {
        self.active && (self.prefetch == 0 || self.unacknowledged < self.prefetch)
    }
}

/// One subscription.
pub(super) struct Subscriber {
    /// The driver that made it.
    pub(super) driver: u64,
    pub(super) label: String,
    pub(super) outlet: Arc<Outlet>,
    pub(super) acks: Arc<dyn Acknowledge>,
    pub(super) lanes: Vec<LaneState>,
    /// Deliveries that are neither acknowledged nor given back, by token. Tokens are never used twice.
    held: BTreeMap<u64, (usize, Entry)>,
    last_token: u64,
}

impl Subscriber {
    pub(super) fn new(driver: u64, label: String, sink: Arc<dyn Sink>, acks: Arc<dyn Acknowledge>) -> Self {
        let outlet = Outlet::new(sink);
        Self { driver, label, outlet, acks, lanes: Vec::new(), held: BTreeMap::new(), last_token: 0 }
    }

    /// Holds `entry` for the consumer of `route`; gives the token that acknowledges it.
    pub(super) fn hold(&mut self, route: usize, entry: Entry) -> u64 {
        self.last_token += 1;
        if let Some(lane) = self.lanes.get_mut(route) {
            lane.unacknowledged += 1;
        }
        self.held.insert(self.last_token, (route, entry));
        self.last_token
    }

    /// Lets go of a delivery; `None` if it is not held any more.
    pub(super) fn release(&mut self, token: u64) -> Option<(usize, Entry)> {
        let (route, entry) = self.held.remove(&token)?;
        if let Some(lane) = self.lanes.get_mut(route) {
            lane.unacknowledged -= 1;
        }
        Some((route, entry))
    }

    /// Lets go of everything, oldest first.
    pub(super) fn release_all(&mut self) -> Vec<(usize, Entry)> {
        self.lanes.iter_mut().for_each(|lane| lane.unacknowledged = 0);
        std::mem::take(&mut self.held).into_values().collect()
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber")
            .field("label", &self.label)
            .field("lanes", &self.lanes)
            .finish_non_exhaustive()
    }
}
