//! What a publisher holds: the open channels, what is in flight, and what waits for which destination.

use super::destinations::{Destinations, Place};
use super::lane::Lane;
use crate::drivers::rabbit::amqp::{Channel, Message};
use crate::drivers::rabbit::link::Up;
use crate::transport::{Confirmed, PublishError, Route, Settled};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most messages handed to the connection and not confirmed. Its own queue has no limit.
const IN_FLIGHT_LIMIT: usize = 16_384;
/// Most bytes of them.
const IN_FLIGHT_BYTES: usize = 64 << 20;

/// Least time between two looks for messages that have waited too long: each goes through all that wait.
const EXPIRY_STEP: Duration = Duration::from_millis(10);
/// How many times longer nobody looks than the last look took: there may be a hundred thousand that wait.
const EXPIRY_SHARE: u32 = 10;

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
    /// The end of the pause after the last look.
    not_before: Option<Instant>,
}

/// The open channels of one connection.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) lane: Arc<Lane>,
    /// For fanouts alone, opened by the first: their exchanges go with the last listener, and a publish to a missing
    /// exchange costs the channel.
    pub(super) fanout: Option<Arc<Lane>>,
    /// For what needs no confirmation, opened by the first.
    pub(super) routed: Option<Arc<Lane>>,
    pub(super) setup: Channel,
    pub(super) up: Up,
}

impl Ready {
    /// One of the channels, if it is open.
    pub(super) fn lane(&self, channel: ChannelOf) -> Option<Arc<Lane>> {
        let lane = match channel {
            ChannelOf::Confirmed => &self.lane,
            ChannelOf::Fanouts => self.fanout.as_ref()?,
            ChannelOf::Routed => self.routed.as_ref()?,
        };
        lane.is_open().then(|| Arc::clone(lane))
    }

    /// One of the channels is open anew.
    pub(super) fn set_lane(&mut self, channel: ChannelOf, lane: Arc<Lane>) {
        match channel {
            ChannelOf::Confirmed => self.lane = lane,
            ChannelOf::Fanouts => self.fanout = Some(lane),
            ChannelOf::Routed => self.routed = Some(lane),
        }
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

/// Which of the channels a message leaves by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChannelOf {
    Confirmed,
    Fanouts,
    Routed,
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
    /// Whether it needs no confirmation.
    pub(super) routed: bool,
}

impl Terms {
    pub(super) fn channel(&self) -> ChannelOf {
        match self.route {
            Route::Fanout { .. } => ChannelOf::Fanouts,
            _ if self.routed => ChannelOf::Routed,
            _ => ChannelOf::Confirmed,
        }
    }

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
        Self { route, settled, deadline, retry, mark: 0, turn: 0, again: false, taken: false, routed: false }
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

    /// One of the channels, if it is open.
    pub(super) fn lane(&self, channel: ChannelOf) -> Option<Arc<Lane>> {
        self.ready.as_ref()?.lane(channel)
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

    /// Somebody has to look by `deadline`, or when the pause is over; tells whether that is sooner than was planned.
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline else { return false };
        let look = self.not_before.map_or(deadline, |not_before| deadline.max(not_before));
        let sooner = self.next_expiry.is_none_or(|next| look < next);
        if sooner {
            self.next_expiry = Some(look);
        }
        sooner
    }

    /// Those that wait for the same as `waiting`.
    fn destination(&mut self, waiting: &Waiting) -> &mut VecDeque<Waiting> {
        let Message { exchange, routing_key, .. } = &waiting.message;
        let place = Place::of(&waiting.terms.route, exchange, routing_key);
        &mut self.destinations.entry(place).waiting
    }

    /// Takes out what `too_late` says, which is also told whether there is a connection; the rest keeps its order. Somebody
    /// has to look again by the next deadline.
    pub(super) fn take_expired(&mut self, too_late: impl Fn(&Waiting, bool) -> bool) -> Vec<Waiting> {
        let begun = Instant::now();
        let connected = self.ready.is_some();
        let (mut expired, mut next) = (Vec::new(), None);
        for destination in self.destinations.all_mut() {
            let late = |waiting: &Waiting| too_late(waiting, connected);
            let soonest = take_late(&mut destination.waiting, late, &mut expired);
            next = [next, soonest].into_iter().flatten().min();
        }
        let ended = Instant::now();
        self.not_before = Some(ended + pause_after(ended.duration_since(begun)));
        self.next_expiry = None;
        self.wait_until(next);
        expired
    }
}

fn pause_after(took: Duration) -> Duration {
    EXPIRY_STEP.max(took * EXPIRY_SHARE)
}

/// Takes out those that are `late`, mostly the first ones; the rest keeps its order and its place in memory. Gives the
/// soonest deadline of the rest.
fn take_late(
    waiting: &mut VecDeque<Waiting>,
    late: impl Fn(&Waiting) -> bool,
    into: &mut Vec<Waiting>,
) -> Option<Instant> {
    while waiting.front().is_some_and(&late) {
        into.extend(waiting.pop_front());
    }
    let (mut kept, mut soonest) = (0, None::<Instant>);
    for at in 0..waiting.len() {
        if late(&waiting[at]) {
            continue;
        }
        soonest = [soonest, waiting[at].terms.deadline].into_iter().flatten().min();
        if kept < at {
            waiting.swap(kept, at);
        }
        kept += 1;
    }
    into.extend(waiting.drain(kept..));
    soonest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::rabbit::amqp::sample::message;

    /// A reply that waits, with its deadline in seconds.
    fn waiting(state: &mut State, begin: Instant, deadline: Option<u64>) -> Waiting {
        let mut terms = Terms::sample(Route::Reply { address: "r".into() }, Box::new(drop));
        terms.turn = state.next_turn();
        terms.deadline = deadline.map(|seconds| begin + Duration::from_secs(seconds));
        Waiting { message: message("r", "x"), terms, since: begin }
    }

    fn turns(waiting: &VecDeque<Waiting>) -> Vec<u64> {
        waiting.iter().map(|waiting| waiting.terms.turn).collect()
    }

    #[test]
    fn late_ones_are_taken_out_wherever_they_are_and_the_rest_keeps_its_order() {
        let (mut state, begin) = (State::default(), Instant::now());
        for deadline in [Some(1), Some(2), None, Some(9), Some(1), Some(7), Some(2), Some(8)] {
            let waiting = waiting(&mut state, begin, deadline);
            state.enqueue(waiting);
        }
        let now = begin + Duration::from_secs(2);
        let late = |waiting: &Waiting, _| waiting.terms.deadline.is_some_and(|deadline| deadline <= now);
        let expired: VecDeque<_> = state.take_expired(late).into();
        let mut gone = turns(&expired);
        gone.sort_unstable();
        assert_eq!(gone, [1, 2, 5, 7]);
        assert_eq!(turns(&state.destinations.all().next().unwrap().waiting), [3, 4, 6, 8]);
        assert_eq!(state.next_expiry, Some(begin + Duration::from_secs(7)));
    }

    #[test]
    fn nobody_looks_again_before_ten_times_the_time_that_a_look_took() {
        assert_eq!(pause_after(Duration::ZERO), EXPIRY_STEP);
        assert_eq!(pause_after(Duration::from_millis(5)), Duration::from_millis(50));
        let (mut state, begin) = (State::default(), Instant::now());
        let slow = waiting(&mut state, begin, Some(60));
        state.enqueue(slow);
        let look = |_: &Waiting, _| {
            std::thread::sleep(Duration::from_millis(5));
            false
        };
        state.take_expired(look);
        let looked = Instant::now();
        // One with a deadline of its own, at once, does not bring the next look forward either.
        let short = waiting(&mut state, begin, Some(0));
        assert!(state.enqueue(short));
        let pause = state.next_expiry.unwrap().duration_since(looked);
        assert!(pause > Duration::from_millis(40), "{pause:?}");
    }

    #[test]
    fn what_goes_back_to_those_that_wait_goes_back_to_its_place() {
        let (mut state, begin) = (State::default(), Instant::now());
        let mut all: Vec<_> = (0..6).map(|_| Some(waiting(&mut state, begin, None))).collect();
        for later in [3, 5] {
            state.enqueue(all[later].take().unwrap());
        }
        for again in [2, 0, 4, 1] {
            assert!(state.put_back(all[again].take().unwrap()).is_none());
        }
        assert_eq!(turns(&state.destinations.all().next().unwrap().waiting), [1, 2, 3, 4, 5, 6]);
    }
}
