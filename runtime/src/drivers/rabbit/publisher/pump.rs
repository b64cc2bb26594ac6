//! Moves what waits: opens channels, declares, hands over. The broker is waited for beside everything else, so that what
//! waits for it still ends by its own deadline.

use super::destinations::Key;
use super::lane::Lane;
use super::state::{ChannelOf, Ready, Waiting};
use super::{Publisher, Shared};
use crate::drivers::rabbit::amqp::{AmqpError, Assurance, Channel, Confirms, Scope};
use crate::drivers::rabbit::link::{LinkState, Up};
use crate::drivers::rabbit::refusal::advice;
use crate::drivers::rabbit::subscription;
use crate::error::NotSentReason;
use crate::transport::{PublishError, Route};
use crate::wire::WireFormat;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How soon is tried again what could not be done on a connection that lives on.
const REOPEN_PAUSE: Duration = Duration::from_millis(200);

/// What is under way with the broker on one connection. Dropped, it leaves everything that waits where it is.
struct Work {
    generation: u64,
    /// Tells whether all was done that can be done.
    running: Pin<Box<dyn Future<Output = bool> + Send>>,
}

/// Why nothing of a destination can be handed over.
enum Trouble {
    /// What it needs is refused, and would be again.
    Refused(AmqpError),
    /// Another time, perhaps.
    NotNow(AmqpError),
}

impl Publisher {
    /// Moves what waits. Runs until the link is closed.
    pub(in crate::drivers::rabbit) async fn run(self) {
        let shared = self.shared;
        let mut link = shared.link.watch();
        let mut work: Option<Work> = None;
        let (mut look_for_late, mut wanted, mut again) = (true, true, false);
        loop {
            let up = match &*link.borrow_and_update() {
                LinkState::Up(up) => Some(up.clone()),
                LinkState::Closed => return,
                _ => None,
            };
            shared.follow(up.as_ref());
            if work.as_ref().is_some_and(|work| up.as_ref().map(|up| up.generation) != Some(work.generation))
            {
                // Its connection is gone.
                work = None;
                shared.lock().unanswered = None;
            }
            if look_for_late {
                shared.expire();
            }
            let connected = up.is_some();
            if let Some(up) = up.filter(|_| wanted && work.is_none()) {
                wanted = false;
                let generation = up.generation;
                work = Some(Work { generation, running: Box::pin(Arc::clone(&shared).work(up)) });
            }
            let (mut wake_at, is_ready) = {
                let state = shared.lock();
                (state.next_expiry, state.ready.is_some())
            };
            if connected && work.is_none() && (again || !is_ready) {
                let again_at = Instant::now() + REOPEN_PAUSE;
                wake_at = Some(wake_at.map_or(again_at, |wake_at| wake_at.min(again_at)));
            }
            let wake = async {
                match wake_at {
                    Some(wake_at) => tokio::time::sleep_until(wake_at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let worked = async {
                match &mut work {
                    Some(work) => work.running.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = link.changed() => match changed {
                    // Failed attempts to connect use up what a message allows of them.
                    Ok(()) => (look_for_late, wanted) = (true, true),
                    Err(_) => return,
                },
                () = shared.pump.notified() => (look_for_late, wanted) = (false, true),
                () = wake => (look_for_late, wanted) = (true, true),
                done = worked => {
                    (look_for_late, again) = (false, !done);
                    work = None;
                }
            }
        }
    }
}

impl Shared {
    /// Gives up the channels of a connection that is gone, and channels that have ended.
    fn follow(&self, up: Option<&Up>) {
        let mut state = self.lock();
        state.blocked = up.and_then(|up| up.blocked.clone());
        let keep = match (&state.ready, up) {
            (Some(ready), Some(up)) => ready.up.generation == up.generation && ready.lane.is_open(),
            _ => false,
        };
        if !keep {
            state.ready = None;
            state.destinations.forget_all();
        }
    }

    /// Fails what has waited too long.
    fn expire(&self) {
        let now = Instant::now();
        let mut state = self.lock();
        let blocked = state.blocked.clone();
        let unanswered = state.unanswered.clone();
        let too_late = |waiting: &Waiting, connected: bool| {
            let terms = &waiting.terms;
            let used_up = |retry| !connected && self.link.failed_since(terms.mark) > retry;
            terms.deadline.is_some_and(|deadline| deadline <= now)
                || terms.retry.is_some_and(used_up)
                || (blocked.is_some() && self.gives_up(terms))
        };
        let expired = state.take_expired(too_late);
        drop(state);
        if expired.is_empty() {
            return;
        }
        let cause = unanswered.unwrap_or_else(|| self.link.trouble());
        for waiting in expired {
            let reason = match &blocked {
                Some(reason) => NotSentReason::Blocked(reason.to_string()),
                None => NotSentReason::Unreachable {
                    waited: now.duration_since(waiting.since),
                    attempts: self.link.failed_since(waiting.terms.mark),
                    cause: cause.clone(),
                },
            };
            waiting.terms.settle(Err(PublishError::NotSent(reason)));
        }
        self.tell_if_idle();
    }

    /// Opens the channels, unless they are open, and moves what waits.
    async fn work(self: Arc<Self>, up: Up) -> bool {
        if self.lock().ready.is_none() {
            let opening = open(&up, Arc::clone(&self.format));
            match self.answer(format!("{} has not opened a channel", up.node), opening).await {
                Ok(ready) => self.lock().ready = Some(ready),
                // The link notices a lost connection by itself; a broker that is out of channels is asked again.
                Err(error) => {
                    tracing::warn!(node = %up.node, %error, "cannot open the publishing channel");
                    return false;
                }
            }
        }
        self.flush().await
    }

    /// Waits for the broker; `missing` says to those whose time is up meanwhile what they have waited for.
    async fn answer<T>(&self, missing: String, asked: impl Future<Output = T>) -> T {
        self.lock().unanswered = Some(missing);
        let answer = asked.await;
        self.lock().unanswered = None;
        answer
    }

    /// Declares what has to be declared and hands over what waits, as far as there is room. Tells whether nothing was put
    /// off.
    async fn flush(self: &Arc<Self>) -> bool {
        let mut put_off = Vec::new();
        loop {
            let (ready, key, declared, route, channel) = {
                let state = self.lock();
                let Some(ready) = state.ready.clone().filter(|_| state.takes_messages()) else {
                    return put_off.is_empty();
                };
                let Some((key, destination)) = state.destinations.waited_for(&put_off) else {
                    return put_off.is_empty();
                };
                let Some(first) = destination.waiting.front() else { return put_off.is_empty() };
                let (route, channel) = (first.terms.route.clone(), first.terms.channel());
                (ready, key, destination.declared, route, channel)
            };
            let lane = match self.prepare(&ready, &route, channel, declared).await {
                Ok(lane) => lane,
                Err(Trouble::Refused(error)) => {
                    self.refused(&key, &route, &ready, &error);
                    continue;
                }
                Err(Trouble::NotNow(error)) if error.scope == Scope::Channel && ready.lane.is_open() => {
                    tracing::warn!(node = %ready.up.node, ?route, %error, "cannot publish for now");
                    put_off.push(key);
                    continue;
                }
                Err(Trouble::NotNow(_)) => return false,
            };
            let mut batch = Vec::new();
            {
                let mut state = self.lock();
                while state.takes_messages() {
                    let Some(destination) = state.destinations.get_mut(key.place()) else { break };
                    if declared && !destination.declared {
                        // Its exchange has gone meanwhile.
                        break;
                    }
                    // Dead letters are rare and have no other copy: that their queue is there is made sure each time.
                    destination.declared = !matches!(route, Route::DeadLetters { .. });
                    // What leaves by another channel has a turn of its own.
                    if destination.waiting.front().is_none_or(|next| next.terms.channel() != channel) {
                        break;
                    }
                    let Some(waiting) = destination.waiting.pop_front() else { break };
                    destination.flushing = true;
                    state.take_room(waiting.message.body.len());
                    batch.push(waiting);
                }
            }
            let mut batch = batch.into_iter();
            while lane.is_open()
                && let Some(waiting) = batch.next()
            {
                let (message, terms) = waiting.over();
                self.hand_over(&lane, message, terms);
            }
            self.keep(batch);
            if let Some(destination) = self.lock().destinations.get_mut(key.place()) {
                destination.flushing = false;
            }
        }
    }

    /// The channel has ended before these: they wait on.
    fn keep(&self, rest: impl DoubleEndedIterator<Item = Waiting>) {
        for Waiting { message, terms, .. } in rest.rev() {
            let bytes = message.body.len();
            self.put_back(message, terms);
            self.give_room(bytes);
        }
    }

    /// Declares what a route needs, unless that is done, and opens its channel, unless that is open.
    async fn prepare(
        &self,
        ready: &Ready,
        route: &Route,
        channel: ChannelOf,
        declared: bool,
    ) -> Result<Arc<Lane>, Trouble> {
        if !declared {
            self.declare(ready, route).await?;
        }
        if let Some(lane) = ready.lane(channel) {
            return Ok(lane);
        }
        let assurance = match channel {
            ChannelOf::Fanouts => Assurance::Confirmed,
            ChannelOf::Routed => Assurance::Routed,
            ChannelOf::Confirmed => return Err(Trouble::NotNow(closed("the publishing channel"))),
        };
        let opening = open_lane(&ready.up, Arc::clone(&self.format), assurance);
        let lane = self.answer(format!("{} has not opened a channel", ready.up.node), opening).await;
        let lane = lane.map_err(Trouble::NotNow)?;
        self.renew(|ready| ready.set_lane(channel, Arc::clone(&lane)));
        match lane.is_open() {
            true => Ok(lane),
            false => Err(Trouble::NotNow(closed("a publishing channel"))),
        }
    }

    async fn declare(&self, ready: &Ready, route: &Route) -> Result<(), Trouble> {
        let (exchange, source) = self.profile.publisher_declares(route);
        if exchange.is_none() && source.is_none() {
            return Ok(());
        }
        let setup = self.setup(ready).await.map_err(Trouble::NotNow)?;
        let declaring = async {
            if let Some(exchange) = exchange {
                setup.declare_exchange(&exchange).await?;
            }
            if let Some(source) = source {
                subscription::declare(&setup, &source).await?;
            }
            Ok(())
        };
        let missing = format!("{} has not answered the declaration for {route:?}", ready.up.node);
        self.answer(missing, declaring).await.map_err(|error: AmqpError| {
            // The broker's refusal has a code and costs the channel; what the protocol has no room for has none, and costs
            // nothing.
            let refused = error.scope == Scope::Channel && (error.code.is_some() || setup.is_open());
            if refused { Trouble::Refused(error) } else { Trouble::NotNow(error) }
        })
    }

    /// The channel to declare on, which each refusal costs.
    async fn setup(&self, ready: &Ready) -> Result<Channel, AmqpError> {
        if ready.setup.is_open() {
            return Ok(ready.setup.clone());
        }
        let opening = ready.up.connection.channel();
        let setup = self.answer(format!("{} has not opened a channel", ready.up.node), opening).await?;
        self.renew(|ready| ready.setup = setup.clone());
        Ok(setup)
    }

    /// Puts a new channel in its place, unless all of them have been given up.
    fn renew(&self, change: impl FnOnce(&mut Ready)) {
        if let Some(ready) = &mut self.lock().ready {
            change(ready);
        }
    }

    /// The broker refused a declaration, so what waits for it fails too.
    fn refused(&self, key: &Key, route: &Route, ready: &Ready, error: &AmqpError) {
        let waiting = match self.lock().destinations.get_mut(key.place()) {
            Some(destination) => std::mem::take(&mut destination.waiting),
            None => return,
        };
        for waiting in waiting {
            let what = format!("the declaration for {route:?} on {}", ready.up.node);
            let cause = format!("{error}{}", advice(error));
            let reason = NotSentReason::Refused { what, cause };
            waiting.terms.settle(Err(PublishError::NotSent(reason)));
        }
        self.tell_if_idle();
    }
}

async fn open(up: &Up, format: Arc<dyn WireFormat>) -> Result<Ready, AmqpError> {
    let setup = up.connection.channel().await?;
    let lane = open_lane(up, format, Assurance::Confirmed).await?;
    Ok(Ready { lane, fanout: None, routed: None, setup, up: up.clone() })
}

async fn open_lane(
    up: &Up,
    format: Arc<dyn WireFormat>,
    assurance: Assurance,
) -> Result<Arc<Lane>, AmqpError> {
    let confirms = Confirms::start(up.connection.channel().await?, format, assurance).await?;
    Ok(Arc::new(Lane::new(confirms, Arc::clone(&up.node))))
}

fn closed(what: &str) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text: format!("{what} is closed") }
}
