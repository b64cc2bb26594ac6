//! Publishing: what can go out goes out at once; the rest waits, in order, for a connection, a declaration, an
//! unblocking or room, until its own deadline.

mod lane;
mod settling;
mod state;

use super::amqp::{AmqpError, Confirms, Message, Scope};
use super::link::{Link, LinkState, Up};
use super::refusal::advice;
use super::topology::{Address, Profile};
use crate::error::NotSentReason;
use crate::transport::{Publish, PublishError, Route, Settled};
use crate::wire::WireFormat;
use lane::Lane;
use state::{Ready, State, Terms, Waiting, destination_key};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How soon channels are opened again on a connection that lives on.
const REOPEN_PAUSE: Duration = Duration::from_millis(200);
/// Least time between two looks for messages that have waited too long: each goes through all that wait.
const EXPIRY_STEP: Duration = Duration::from_millis(10);

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
        let terms = Terms { route, settled, deadline, retry, again: false };
        let mut state = self.shared.lock();
        if state.closed {
            drop(state);
            return (terms.settled)(Err(PublishError::NotSent(NotSentReason::Closed)));
        }
        let at_once = state.blocked.is_none()
            && state.has_room()
            && match state.destinations.get(key.as_deref().unwrap_or(&message.exchange)) {
                Some(destination) => {
                    destination.declared && !destination.flushing && destination.waiting.is_empty()
                }
                // The default exchange is always there; a queue that is ours to declare perhaps not.
                None => key.is_none() && message.exchange.is_empty(),
            };
        match state.lane(&terms.route) {
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
        let waiting: Vec<_> =
            state.destinations.drain().flat_map(|(_, destination)| destination.waiting).collect();
        drop(state);
        for waiting in waiting {
            (waiting.terms.settled)(Err(PublishError::NotSent(NotSentReason::Closed)));
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

    /// Moves what waits. Runs until the link is closed.
    pub(super) async fn run(self) {
        let mut link = self.shared.link.watch();
        let mut look_for_late = true;
        loop {
            let up = match &*link.borrow_and_update() {
                LinkState::Up(up) => Some(up.clone()),
                LinkState::Closed => return,
                _ => None,
            };
            let connected = up.is_some();
            self.shared.follow(up).await;
            if look_for_late {
                self.shared.expire();
            }
            self.shared.flush().await;
            let (mut wake_at, is_ready) = {
                let state = self.shared.lock();
                (state.next_expiry, state.ready.is_some())
            };
            if connected && !is_ready {
                let again = Instant::now() + REOPEN_PAUSE;
                wake_at = Some(wake_at.map_or(again, |wake_at| wake_at.min(again)));
            }
            let wake = async {
                match wake_at {
                    Some(wake_at) => tokio::time::sleep_until(wake_at.into()).await,
                    None => std::future::pending().await,
                }
            };
            look_for_late = tokio::select! {
                changed = link.changed() => match changed {
                    // Failed attempts to connect use up what a message allows of them.
                    Ok(()) => true,
                    Err(_) => return,
                },
                () = self.shared.pump.notified() => false,
                () = wake => true,
            };
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
                (Some(ready), Some(up)) => ready.up.generation == up.generation && ready.lane.is_open(),
                _ => false,
            };
            if !keep {
                state.ready = None;
                // Nothing counts as declared any more; what nobody waits for need not be remembered.
                state.destinations.retain(|_, destination| !destination.waiting.is_empty());
                state.destinations.values_mut().for_each(|destination| destination.declared = false);
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

    /// Fails what has waited too long.
    fn expire(&self) {
        let now = Instant::now();
        let (attempts, cause) = self.link.trouble();
        let mut state = self.lock();
        let blocked = state.blocked.clone();
        let too_late = |waiting: &Waiting, connected: bool| {
            waiting.terms.deadline.is_some_and(|deadline| deadline <= now)
                || (!connected && waiting.terms.retry.is_some_and(|retry| attempts > retry))
        };
        let expired = state.take_expired(too_late);
        state.next_expiry = state.next_deadline().map(|deadline| deadline.max(now + EXPIRY_STEP));
        drop(state);
        if expired.is_empty() {
            return;
        }
        for waiting in expired {
            let waited = now.duration_since(waiting.since);
            let reason = match &blocked {
                Some(reason) => NotSentReason::Blocked(reason.to_string()),
                None => NotSentReason::Unreachable { waited, attempts, cause: cause.clone() },
            };
            (waiting.terms.settled)(Err(PublishError::NotSent(reason)));
        }
        self.tell_if_idle();
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
                (ready, key.clone(), destination.declared, first.terms.route.clone())
            };
            let lane = match self.prepare(&ready, &route, declared).await {
                Ok(lane) => lane,
                Err(error) if self.refused(&key, &route, &ready, &error) => continue,
                Err(_) => return,
            };
            let mut batch = Vec::new();
            {
                let mut state = self.lock();
                while state.has_room() {
                    let Some(destination) = state.destinations.get_mut(&key) else { break };
                    if declared && !destination.declared {
                        // Its exchange has gone meanwhile.
                        break;
                    }
                    // Dead letters are rare and have no other copy: that their queue is there is made sure each time.
                    destination.declared = !matches!(route, Route::DeadLetters { .. });
                    let Some(waiting) = destination.waiting.pop_front() else { break };
                    state.take_room(waiting.message.body.len());
                    batch.push(waiting);
                }
            }
            for Waiting { message, terms, .. } in batch {
                self.hand_over(&lane, message, terms);
            }
            if let Some(destination) = self.lock().destinations.get_mut(&key) {
                destination.flushing = false;
            }
        }
    }

    /// Declares what a route needs, unless that is done, and opens its channel, unless that is open.
    async fn prepare(&self, ready: &Ready, route: &Route, declared: bool) -> Result<Arc<Lane>, AmqpError> {
        if !declared {
            let (exchange, source) = self.profile.publisher_declares(route);
            if let Some(exchange) = exchange {
                ready.setup.declare_exchange(&exchange).await?;
            }
            if let Some(source) = source {
                super::subscription::declare(&ready.setup, &source).await?;
            }
        }
        if let Some(lane) = ready.lane(route) {
            return Ok(lane);
        }
        if !matches!(route, Route::Fanout { .. }) {
            let text = "the publishing channel is closed".to_owned();
            return Err(AmqpError { code: None, scope: Scope::Channel, text });
        }
        let fanout = open_lane(&ready.up, Arc::clone(&self.format)).await?;
        let ready = Ready { fanout: Some(fanout), ..ready.clone() };
        let lane = ready.lane(route);
        let mut state = self.lock();
        if state.ready.is_some() {
            state.ready = Some(ready);
        }
        lane.ok_or_else(|| {
            let text = "the channel for fanouts is closed".to_owned();
            AmqpError { code: None, scope: Scope::Channel, text }
        })
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
            let what = format!("the declaration for {route:?} on {}", ready.up.node);
            let cause = format!("{error}{}", advice(error));
            let reason = NotSentReason::Refused { what, cause };
            (waiting.terms.settled)(Err(PublishError::NotSent(reason)));
        }
        self.tell_if_idle();
        self.pump.notify_one();
        true
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

async fn open(up: &Up, format: Arc<dyn WireFormat>) -> Result<Ready, AmqpError> {
    let setup = up.connection.channel().await?;
    let lane = open_lane(up, format).await?;
    Ok(Ready { lane, fanout: None, setup, up: up.clone() })
}

async fn open_lane(up: &Up, format: Arc<dyn WireFormat>) -> Result<Arc<Lane>, AmqpError> {
    let confirms = Confirms::start(up.connection.channel().await?, format).await?;
    Ok(Arc::new(Lane::new(confirms, Arc::clone(&up.node))))
}
