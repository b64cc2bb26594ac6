//! What a publisher holds: the open channels, what is in flight, and what waits for which destination.

use super::destinations::{Destinations, Place};
use super::lane::Lane;
use crate::drivers::rabbit::amqp::{Channel, Message};
use crate::drivers::rabbit::link::Up;
use crate::transport::{Confirmed, PublishError, Route, Settled};
use std::collections::VecDeque;
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
    pub(super) destinations: Destinations,
    pub(super) in_flight: usize,
    pub(super) in_flight_bytes: usize,
    pub(super) closed: bool,
    /// The last turn that was given.
    turn: u64,
    /// What the broker has been asked for and has not answered yet.
    pub(super) unanswered: Option<String>,
    /// When the next waiting message may be too late; nobody looks before.
    pub(super) next_expiry: Option<Instant>,
}

/// The open channels of one connection.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) lane: Arc<Lane>,
    /// For fanouts alone, opened by the first: their exchanges go with the last listener, and a publish to a missing
    /// exchange costs the channel.
    pub(super) fanout: Option<Arc<Lane>>,
    pub(super) setup: Channel,
    pub(super) up: Up,
}

impl Ready {
    /// The channel for `route`, if it is open.
    pub(super) fn lane(&self, route: &Route) -> Option<Arc<Lane>> {
        let lane = match route {
            Route::Fanout { .. } => self.fanout.as_ref()?,
            _ => &self.lane,
        };
        lane.is_open().then(|| Arc::clone(lane))
    }
}

/// A message that waits.
pub(super) struct Waiting {
    pub(super) message: Message,
    pub(super) terms: Terms,
    pub(super) since: Instant,
}

impl Waiting {
    /// The message as it is when its wait is over: the time that it waited is not the broker's to keep it once more.
    pub(super) fn over(self) -> (Message, Terms) {
        let Self { mut message, terms, .. } = self;
        if let (Some(expiration), Some(deadline)) = (&mut message.properties.expiration, terms.deadline) {
            *expiration = (*expiration).min(deadline.saturating_duration_since(Instant::now()));
        }
        (message, terms)
    }
}

/// What goes with a message until it is settled.
pub(super) struct Terms {
    pub(super) route: Route,
    pub(super) settled: Settled,
    pub(super) deadline: Option<Instant>,
    pub(super) retry: Option<u32>,
    /// The last attempt to connect that had begun before it: only later ones are its own.
    pub(super) mark: u64,
    /// Its place among all messages: whatever goes back to those that wait goes back to it.
    pub(super) turn: u64,
    /// Whether it was published before and met a missing exchange.
    pub(super) again: bool,
    /// Whether a queue may have it from then.
    pub(super) taken: bool,
}

impl Terms {
    /// Tells the outcome. Of what may have been taken before is never said that it was not.
    pub(super) fn settle(self, outcome: Result<Confirmed, PublishError>) {
        (self.settled)(match outcome {
            Err(error) if self.taken => Err(doubtful(error)),
            outcome => outcome,
        });
    }

    /// Terms of nobody in particular.
    #[cfg(test)]
    pub(super) fn sample(route: Route, settled: Settled) -> Self {
        let (deadline, retry) = (None, None);
        Self { route, settled, deadline, retry, mark: 0, turn: 0, again: false, taken: false }
    }
}

/// What became of the second try says nothing of the first.
fn doubtful(error: PublishError) -> PublishError {
    let node = match &error {
        PublishError::NotSent(_) => None,
        PublishError::Returned { node, .. } => node.clone(),
        _ => return error,
    };
    let cause = format!("lost with its channel before its confirmation, and sent again: {error}");
    PublishError::Lost { cause, node }
}

impl State {
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < IN_FLIGHT_LIMIT && self.in_flight_bytes < IN_FLIGHT_BYTES
    }

    /// Whether a message may be handed over now.
    pub(super) fn takes_messages(&self) -> bool {
        self.blocked.is_none() && self.has_room()
    }

    pub(super) fn take_room(&mut self, bytes: usize) {
        self.in_flight += 1;
        self.in_flight_bytes += bytes;
    }

    /// Nothing waits and nothing is unconfirmed.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.destinations.all().all(|destination| destination.waiting.is_empty())
    }

    /// The open channel for `route`.
    pub(super) fn lane(&self, route: &Route) -> Option<Arc<Lane>> {
        self.ready.as_ref()?.lane(route)
    }

    /// The place of a new message.
    pub(super) fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    /// Lets a message wait again, in its place; gives it back when nothing is published any more.
    pub(super) fn put_back(&mut self, waiting: Waiting) -> Option<Waiting> {
        if self.closed {
            return Some(waiting);
        }
        self.wait_until(waiting.terms.deadline);
        let others = self.destination(&waiting);
        // Mostly before all of them: they came later.
        let place = others.partition_point(|other| other.terms.turn < waiting.terms.turn);
        others.insert(place, waiting);
        None
    }

    /// Lets a message wait; tells whether there is anything to do about it now.
    pub(super) fn enqueue(&mut self, waiting: Waiting) -> bool {
        let sooner = self.wait_until(waiting.terms.deadline);
        self.destination(&waiting).push_back(waiting);
        sooner || (self.ready.is_some() && self.blocked.is_none())
    }

    /// Somebody has to look by `deadline`; tells whether that is sooner than was planned.
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        let sooner = deadline.is_some_and(|deadline| self.next_expiry.is_none_or(|next| deadline < next));
        if sooner {
            self.next_expiry = deadline;
        }
        sooner
    }

    /// Those that wait for the same as `waiting`.
    fn destination(&mut self, waiting: &Waiting) -> &mut VecDeque<Waiting> {
        let Message { exchange, routing_key, .. } = &waiting.message;
        let place = Place::of(&waiting.terms.route, exchange, routing_key);
        &mut self.destinations.entry(place).waiting
    }

    /// Takes out what `too_late` says, which is also told whether there is a connection; the rest keeps its order.
    pub(super) fn take_expired(&mut self, too_late: impl Fn(&Waiting, bool) -> bool) -> Vec<Waiting> {
        let connected = self.ready.is_some();
        let mut expired = Vec::new();
        for destination in self.destinations.all_mut() {
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
        self.destinations.all().flat_map(|d| &d.waiting).filter_map(|waiting| waiting.terms.deadline).min()
    }
}
