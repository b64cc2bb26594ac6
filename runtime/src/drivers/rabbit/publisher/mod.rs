//! Publishing: what can go out goes out at once; the rest waits, in order, for a connection, a declaration, an
//! unblocking or room, until its own deadline.

mod state;

use super::amqp::{AmqpError, Confirms, Message, Outcome};
use super::link::{Link, LinkState, Up};
use super::topology::{Address, Profile};
use crate::error::NotSentReason;
use crate::transport::{Confirmed, Publish, PublishError, Route, Settled};
use crate::wire::WireFormat;
use state::{Ready, State, Waiting, destination_key};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How soon channels are opened again on a connection that lives on.
const REOPEN_PAUSE: Duration = Duration::from_millis(200);

/// The publishing half of the driver. Cheap to clone.
#[derive(Clone)]
pub(super) struct Publisher {
    shared: Arc<Shared>,
}

struct Shared {
    link: Link,
    profile: Profile,
    /// Reads the unique ids of returned messages.
    format: Arc<dyn WireFormat>,
    state: Mutex<State>,
    pump: Notify,
    /// Told whenever nothing is in flight any more.
    idle: Notify,
}

impl Publisher {
    pub(super) fn new(link: Link, profile: Profile, format: Arc<dyn WireFormat>) -> Self {
        let shared = Shared {
            link,
            profile,
            format,
            state: Mutex::default(),
            pump: Notify::new(),
            idle: Notify::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Publishes or queues; returns at once.
    pub(super) fn publish(&self, publish: Publish, settled: Settled) {
        let Publish { route, body, properties, unique_id, mandatory, deadline, retry } = publish;
        let Address { exchange, routing_key } = self.shared.profile.address(&route);
        let key = destination_key(&route, &exchange, &routing_key);
        let message = Message { exchange, routing_key, mandatory, properties, body, unique_id };
        let mut state = self.shared.lock();
        if state.closed {
            drop(state);
            return settled(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        let at_once = state.ready.is_some()
            && state.blocked.is_none()
            && state.has_room()
            && match state.destinations.get(key.as_deref().unwrap_or(&message.exchange)) {
                Some(destination) => {
                    destination.declared && !destination.flushing && destination.waiting.is_empty()
                }
                None => message.exchange.is_empty(),
            };
        match state.ready.clone() {
            Some(ready) if at_once && ready.confirms.is_open() => {
                state.take_room(message.body.len());
                drop(state);
                self.shared.hand_over(&ready, key, message, settled);
            }
            _ => {
                let since = Instant::now();
                let key = key.unwrap_or_else(|| message.exchange.clone());
                let waiting = Waiting { route, message, settled, since, deadline, retry };
                state.destinations.entry(key).or_default().waiting.push_back(waiting);
                drop(state);
                self.shared.pump.notify_one();
            }
        }
    }

    /// Publishes nothing more; what waits fails as not sent. The channels go with the connection.
    pub(super) fn close(&self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let waiting: Vec<_> =
            state.destinations.drain().flat_map(|(_, destination)| destination.waiting).collect();
        drop(state);
        for waiting in waiting {
            (waiting.settled)(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        self.shared.pump.notify_one();
    }

    /// Resolves when nothing waits and nothing is unconfirmed.
    pub(super) async fn settled(&self) {
        loop {
            let idle = self.shared.idle.notified();
            {
                let state = self.shared.lock();
                if state.in_flight == 0 && state.destinations.values().all(|d| d.waiting.is_empty()) {
                    return;
                }
            }
            idle.await;
        }
    }

    /// Messages handed over and not yet settled.
    pub(super) fn in_flight(&self) -> usize {
        self.shared.lock().in_flight
    }

    /// Moves what waits. Runs until the link is closed.
    pub(super) async fn run(self) {
        let mut link = self.shared.link.watch();
        loop {
            let up = match &*link.borrow_and_update() {
                LinkState::Up(up) => Some(up.clone()),
                LinkState::Closed => return,
                _ => None,
            };
            let connected = up.is_some();
            self.shared.follow(up).await;
            let mut next_deadline = self.shared.expire();
            self.shared.flush().await;
            if connected && self.shared.lock().ready.is_none() {
                let again = Instant::now() + REOPEN_PAUSE;
                next_deadline = Some(next_deadline.map_or(again, |deadline| deadline.min(again)));
            }
            let deadline = async {
                match next_deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = link.changed() => if changed.is_err() { return },
                () = self.shared.pump.notified() => {}
                () = deadline => {}
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Opens or gives up the channels as the link says.
    async fn follow(&self, up: Option<Up>) {
        let current = {
            let mut state = self.lock();
            state.blocked = up.as_ref().and_then(|up| up.blocked.clone());
            let keep = match (&state.ready, &up) {
                (Some(ready), Some(up)) => ready.generation == up.generation && ready.confirms.is_open(),
                _ => false,
            };
            if !keep {
                state.ready = None;
                for destination in state.destinations.values_mut() {
                    destination.declared = false;
                }
            }
            keep
        };
        let Some(up) = up.filter(|_| !current) else { return };
        match open(&up, Arc::clone(&self.format)).await {
            Ok(ready) => self.lock().ready = Some(ready),
            // The link notices a lost connection by itself; a broker that is out of channels is asked again.
            Err(error) => tracing::warn!(node = %up.node, %error, "cannot open the publishing channel"),
        }
    }

    /// Fails what has waited too long; tells when the next one will have.
    fn expire(&self) -> Option<Instant> {
        let now = Instant::now();
        let (attempts, cause) = self.link.trouble();
        let mut state = self.lock();
        let blocked = state.blocked.clone();
        let too_late = |waiting: &Waiting, connected: bool| {
            waiting.deadline.is_some_and(|deadline| deadline <= now)
                || (!connected && waiting.retry.is_some_and(|retry| attempts > retry))
        };
        let expired = state.take_expired(too_late);
        let next = state.next_deadline();
        drop(state);
        for waiting in expired {
            let waited = now.duration_since(waiting.since);
            let reason = match &blocked {
                Some(reason) => NotSentReason::Blocked(reason.to_string()),
                None => NotSentReason::Unreachable { waited, attempts, cause: cause.clone() },
            };
            (waiting.settled)(Err(PublishError::NotSent(reason)));
        }
        next
    }

    /// Declares what has to be declared and hands over what waits, as far as there is room.
    async fn flush(self: &Arc<Self>) {
        loop {
            let (ready, key, declared, route) = {
                let mut state = self.lock();
                let Some(ready) = state.ready.clone().filter(|_| state.blocked.is_none() && state.has_room())
                else {
                    return;
                };
                let Some((key, destination)) =
                    state.destinations.iter_mut().find(|(_, d)| !d.waiting.is_empty())
                else {
                    return;
                };
                let Some(first) = destination.waiting.front() else { return };
                destination.flushing = true;
                (ready, key.clone(), destination.declared, first.route.clone())
            };
            if !declared && let Err(error) = self.declare(&ready, &route).await {
                if !self.refused(&key, &route, &ready, &error) {
                    return;
                }
                continue;
            }
            let mut batch = Vec::new();
            let owns_queue = destination_key(&route, "", "").is_some();
            {
                let mut state = self.lock();
                while state.has_room() {
                    let Some(destination) = state.destinations.get_mut(&key) else { break };
                    destination.declared = true;
                    let Some(waiting) = destination.waiting.pop_front() else { break };
                    state.take_room(waiting.message.body.len());
                    batch.push(waiting);
                }
            }
            for waiting in batch {
                self.hand_over(&ready, owns_queue.then(|| key.clone()), waiting.message, waiting.settled);
            }
            if let Some(destination) = self.lock().destinations.get_mut(&key) {
                destination.flushing = false;
            }
        }
    }

    async fn declare(&self, ready: &Ready, route: &Route) -> Result<(), AmqpError> {
        let (exchange, source) = self.profile.publisher_declares(route);
        if let Some(exchange) = exchange {
            ready.setup.declare_exchange(&exchange).await?;
        }
        if let Some(source) = source {
            super::subscription::declare(&ready.setup, &source).await?;
        }
        Ok(())
    }

    /// A declaration failed. When the broker refused it for good, what waits for it fails too; otherwise it waits on.
    /// Tells whether to go on with other destinations.
    fn refused(&self, key: &str, route: &Route, ready: &Ready, error: &AmqpError) -> bool {
        let final_refusal = matches!(error.code, Some(403 | 404 | 406));
        let mut state = self.lock();
        // The broker has closed the channel with its refusal; `follow` opens new ones.
        state.ready = None;
        let Some(destination) = state.destinations.get_mut(key) else { return final_refusal };
        destination.flushing = false;
        if !final_refusal {
            return false;
        }
        let waiting = std::mem::take(&mut destination.waiting);
        drop(state);
        for waiting in waiting {
            let what = format!("the declaration for {route:?} on {}", ready.node);
            let reason = NotSentReason::Refused { what, cause: error.to_string() };
            (waiting.settled)(Err(PublishError::NotSent(reason)));
        }
        self.pump.notify_one();
        true
    }

    /// Hands a message to the connection. `queue` is the key of a destination whose queue the publisher has declared.
    fn hand_over(self: &Arc<Self>, ready: &Ready, queue: Option<String>, message: Message, settled: Settled) {
        let bytes = message.body.len();
        let Ready { node, .. } = ready;
        let (shared, node) = (Arc::clone(self), Arc::clone(node));
        let (exchange, routing_key) = (message.exchange.clone(), message.routing_key.clone());
        let on_outcome = Box::new(move |outcome| {
            let lost = matches!(outcome, Outcome::Lost(_));
            if shared.give_room(bytes) || lost {
                shared.pump.notify_one();
            }
            if let (Outcome::Returned { .. }, Some(queue)) = (&outcome, &queue) {
                shared.forget_declaration(queue);
            }
            let node = Some(node);
            settled(match outcome {
                Outcome::Confirmed => Ok(Confirmed { node }),
                Outcome::Returned { code, text } => {
                    Err(PublishError::Returned { exchange, routing_key, code, text, node })
                }
                Outcome::Refused => {
                    let cause = "the broker refused responsibility (basic.nack)".to_owned();
                    Err(PublishError::Unconfirmed { cause, node })
                }
                Outcome::Lost(error) => {
                    Err(PublishError::Lost { cause: format!("lost before its confirmation: {error}"), node })
                }
            });
        });
        ready.confirms.publish(message, on_outcome);
    }

    /// The queue that was declared for a destination is gone: it is declared again before the next message.
    fn forget_declaration(&self, key: &str) {
        if let Some(destination) = self.lock().destinations.get_mut(key) {
            destination.declared = false;
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

async fn open(up: &Up, format: Arc<dyn WireFormat>) -> Result<Ready, AmqpError> {
    let setup = up.connection.channel().await?;
    let confirms = Arc::new(Confirms::start(up.connection.channel().await?, format).await?);
    Ok(Ready { confirms, setup, node: Arc::clone(&up.node), generation: up.generation })
}
