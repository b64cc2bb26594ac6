//! Publishing: what can go out goes out at once; the rest waits, in order, for a connection, a declaration, an
//! unblocking or room, until its own deadline.

mod destinations;
mod lane;
mod pump;
mod settling;
mod state;
#[cfg(test)]
mod tests;

use super::amqp::Message;
use super::link::Link;
use super::settings::Settings;
use super::topology::{Address, Profile};
use crate::error::NotSentReason;
use crate::transport::{Publish, PublishError, Route, Settled};
use crate::wire::WireFormat;
use destinations::Place;
use state::{State, Terms, Waiting};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::Notify;

/// The publishing half of the driver. Cheap to clone.
#[derive(Clone)]
pub(super) struct Publisher {
    shared: Arc<Shared>,
}

struct Shared {
    link: Link,
    profile: Profile,
    fail_when_blocked: bool,
    confirm_requests: bool,
    /// Reads the unique ids of returned messages.
    format: Arc<dyn WireFormat>,
    state: Mutex<State>,
    pump: Notify,
    /// Told whenever nothing is in flight any more.
    idle: Notify,
}

impl Publisher {
    pub(super) fn new(link: Link, settings: &Settings, format: Arc<dyn WireFormat>) -> Self {
        let shared = Shared {
            link,
            profile: settings.profile.clone(),
            fail_when_blocked: settings.fail_when_blocked,
            confirm_requests: settings.confirm_requests,
            format,
            state: Mutex::default(),
            pump: Notify::new(),
            idle: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Publishes or queues; returns at once.
    pub(super) fn publish(&self, publish: Publish, settled: Settled) {
        let Publish { route, body, properties, unique_id, mandatory, answered, deadline, retry } = publish;
        let Address { exchange, routing_key } = self.shared.profile.address(&route);
        let message = Message { exchange, routing_key, mandatory, properties, body, unique_id };
        let mark = self.shared.link.mark();
        let routed = answered && !self.shared.confirm_requests;
        let mut terms =
            Terms { route, settled, deadline, retry, mark, turn: 0, again: false, taken: false, routed };
        let mut state = self.shared.lock();
        if state.closed {
            drop(state);
            return terms.settle(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        if let Some(reason) = state.blocked.as_ref().filter(|_| self.shared.gives_up(&terms)) {
            let reason = NotSentReason::Blocked(reason.to_string());
            drop(state);
            return terms.settle(Err(PublishError::NotSent(reason)));
        }
        terms.turn = state.next_turn();
        let place = Place::of(&terms.route, &message.exchange, &message.routing_key);
        let at_once = state.takes_messages()
            && match state.destinations.get(place) {
                Some(destination) => {
                    destination.declared && !destination.flushing && destination.waiting.is_empty()
                }
                None => place.needs_nothing(),
            };
        match state.lane(terms.channel()) {
            Some(lane) if at_once => {
                state.take_room(message.body.len());
                drop(state);
                self.shared.hand_over(&lane, message, terms);
            }
            _ => {
                let waiting = Waiting { message, terms, since: Instant::now() };
                if state.enqueue(waiting) {
                    drop(state);
                    self.shared.pump.notify_one();
                }
            }
        }
    }

    /// Publishes nothing more; what waits fails as not sent. The channels go with the connection.
    pub(super) fn close(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let waiting = state.destinations.take_waiting();
        drop(state);
        for waiting in waiting {
            waiting.terms.settle(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        self.shared.pump.notify_one();
    }

    /// Resolves when nothing waits and nothing is unconfirmed.
    pub(super) async fn settled(&self) {
        loop {
            let idle = self.shared.idle.notified();
            if self.shared.lock().is_idle() {
                return;
            }
            idle.await;
        }
    }

    /// Messages handed over and not yet settled.
    pub(super) fn in_flight(&self) -> usize {
        self.shared.lock().in_flight
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether a message does not wait for the end of an alarm. What was not asked for here does: nobody would send it again.
    fn gives_up(&self, terms: &Terms) -> bool {
        let answer =
            matches!(terms.route, Route::Reply { .. } | Route::Again { .. } | Route::DeadLetters { .. });
        self.fail_when_blocked && !answer
    }

    /// Lets a message wait again.
    fn put_back(&self, message: Message, terms: Terms) {
        let closed = self.lock().put_back(Waiting { message, terms, since: Instant::now() });
        if let Some(waiting) = closed {
            waiting.terms.settle(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
    }

    fn tell_if_idle(&self) {
        if self.lock().is_idle() {
            self.idle.notify_waiters();
        }
    }

    /// Tells whether somebody waits for the room.
    fn give_room(&self, bytes: usize) -> bool {
        let mut state = self.lock();
        let was_full = !state.has_room();
        state.in_flight = state.in_flight.saturating_sub(1);
        state.in_flight_bytes = state.in_flight_bytes.saturating_sub(bytes);
        if state.in_flight == 0 {
            self.idle.notify_waiters();
        }
        was_full && state.has_room()
    }
}
