//! What a publisher holds: the open channels, what is in flight, and what waits for which destination.

use crate::drivers::rabbit::amqp::{Channel, Confirms, Message};
use crate::transport::{Route, Settled};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Most messages handed to the connection and not confirmed. Its own queue has no limit.
const IN_FLIGHT_LIMIT: usize = 16_384;
/// Most bytes of them.
const IN_FLIGHT_BYTES: usize = 64 << 20;

#[derive(Default)]
pub(super) struct State {
    pub(super) ready: Option<Ready>,
    /// The broker's reason for taking no messages.
    pub(super) blocked: Option<Arc<str>>,
    /// By exchange, or by exchange and queue where the publisher declares a queue too.
    pub(super) destinations: HashMap<String, Destination>,
    pub(super) in_flight: usize,
    pub(super) in_flight_bytes: usize,
    pub(super) closed: bool,
}

#[derive(Clone)]
pub(super) struct Ready {
    pub(super) confirms: Arc<Confirms>,
    pub(super) setup: Channel,
    pub(super) node: Arc<str>,
    pub(super) generation: u64,
}

#[derive(Default)]
pub(super) struct Destination {
    pub(super) declared: bool,
    /// While waiting messages are handed over, newer ones queue up behind them.
    pub(super) flushing: bool,
    pub(super) waiting: VecDeque<Waiting>,
}

pub(super) struct Waiting {
    pub(super) route: Route,
    pub(super) message: Message,
    pub(super) settled: Settled,
    pub(super) since: Instant,
    pub(super) deadline: Option<Instant>,
    pub(super) retry: Option<u32>,
}

impl State {
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < IN_FLIGHT_LIMIT && self.in_flight_bytes < IN_FLIGHT_BYTES
    }

    pub(super) fn take_room(&mut self, bytes: usize) {
        self.in_flight += 1;
        self.in_flight_bytes += bytes;
    }

    /// Takes out what `too_late` says, which is also told whether there is a connection; the rest keeps its order.
    pub(super) fn take_expired(&mut self, too_late: impl Fn(&Waiting, bool) -> bool) -> Vec<Waiting> {
        let connected = self.ready.is_some();
        let mut expired = Vec::new();
        for destination in self.destinations.values_mut() {
            if destination.waiting.iter().any(|waiting| too_late(waiting, connected)) {
                let waiting = std::mem::take(&mut destination.waiting).into_iter();
                let (late, rest): (VecDeque<_>, _) =
                    waiting.partition(|waiting| too_late(waiting, connected));
                expired.extend(late);
                destination.waiting = rest;
            }
        }
        expired
    }

    /// When the next waiting message is too late.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.destinations.values().flat_map(|d| &d.waiting).filter_map(|waiting| waiting.deadline).min()
    }
}

/// A key of its own where the publisher declares a queue; `None` where the exchange is the key.
pub(super) fn destination_key(route: &Route, exchange: &str, routing_key: &str) -> Option<String> {
    matches!(route, Route::Notification { .. } | Route::DeadLetters { .. })
        .then(|| format!("{exchange}\n{routing_key}"))
}
