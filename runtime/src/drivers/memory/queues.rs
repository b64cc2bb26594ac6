//! All queues of a broker and who consumes them: deliveries, acknowledgements, what comes back. Knows no exchange.

use super::news::News;
use super::outlet::{Outlet, Told};
use super::queue::{Entry, Lane, Message, Queue};
use super::subscriber::{LaneState, Subscriber};
use crate::transport::AckHandle;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

/// Queues and subscriptions.
#[derive(Debug, Default)]
pub(super) struct Queues {
    by_name: FxHashMap<Arc<str>, Queue>,
    /// By key. Few.
    subscribers: BTreeMap<u64, Subscriber>,
    last_subscriber: u64,
    pub(super) news: News,
}

/// The present. Follows tokio's paused clock, so that expiry can be tested without waiting.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl Queues {
    /// The queue's name as it is kept; the queue is there afterwards.
    pub(super) fn declare(&mut self, name: &str) -> Arc<str> {
        if let Some((kept, _)) = self.by_name.get_key_value(name) {
            return kept.clone();
        }
        let kept: Arc<str> = name.into();
        self.by_name.insert(kept.clone(), Queue::default());
        kept
    }

    pub(super) fn delete(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// The name of a queue as it is kept, if there is such a queue.
    pub(super) fn name(&self, name: &str) -> Option<Arc<str>> {
        self.by_name.get_key_value(name).map(|(kept, _)| kept.clone())
    }

    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.by_name.keys().map(|name| name.to_string()).collect();
        names.sort_unstable();
        names
    }

    /// The queue, without what has expired at its head.
    pub(super) fn get(&mut self, name: &str) -> Option<&mut Queue> {
        let queue = self.by_name.get_mut(name)?;
        queue.expire(now());
        Some(queue)
    }

    /// Adds a message at the queue's tail and delivers what can be delivered.
    pub(super) fn enqueue(&mut self, name: &str, message: Arc<Message>, now: Instant) {
        if let Some(queue) = self.by_name.get_mut(name) {
            queue.push(message);
            deliver(queue, &mut self.subscribers, &mut self.news, now);
        }
    }

    /// A new subscription without consumers; `make` gets its key.
    pub(super) fn subscribe(&mut self, make: impl FnOnce(u64) -> Subscriber) -> u64 {
        self.last_subscriber += 1;
        let key = self.last_subscriber;
        self.subscribers.insert(key, make(key));
        key
    }

    /// Adds a consumer on a declared queue, unless the subscription has one on it already. The routes of a subscription are
    /// numbered in the order of these calls.
    pub(super) fn consume(&mut self, subscriber: u64, mut lane: LaneState) {
        let Some(state) = self.subscribers.get_mut(&subscriber) else { return };
        let name = lane.queue.clone();
        let key = Lane { subscriber, route: state.lanes.len() };
        lane.active = state.lanes.iter().all(|other| other.queue != name);
        let active = lane.active;
        state.lanes.push(lane);
        if !active {
            return;
        }
        if let Some(queue) = self.by_name.get_mut(&name) {
            queue.consumers += 1;
        }
        self.line_up(key);
        self.dispatch(&name, now());
    }

    /// Settles a delivery: done with, or back to its place in the queue. Nothing happens if it is not held any more; says
    /// whether it was.
    pub(super) fn settle(&mut self, subscriber: u64, token: u64, requeue: bool) -> bool {
        let Some(state) = self.subscribers.get_mut(&subscriber) else { return false };
        let Some((route, entry)) = state.release(token) else { return false };
        let lane = state.lanes.get_mut(route);
        let Some((lane, queue)) =
            lane.and_then(|lane| self.by_name.get_mut(&lane.queue).map(|queue| (lane, queue)))
        else {
            return true;
        };
        if !lane.in_line && lane.has_room() {
            lane.in_line = true;
            queue.ready(Lane { subscriber, route });
        }
        queue.unacknowledged -= 1;
        if requeue {
            queue.put_back(entry);
        }
        // Mostly it is empty: then neither the clock nor anybody's turn matters.
        if queue.len() > 0 {
            deliver(queue, &mut self.subscribers, &mut self.news, now());
        }
        true
    }

    /// Stops deliveries; what is held stays held.
    pub(super) fn cancel(&mut self, subscriber: u64) {
        let Some(state) = self.subscribers.get_mut(&subscriber) else { return };
        for (route, lane) in state.lanes.iter_mut().enumerate() {
            if !std::mem::take(&mut lane.active) {
                continue;
            }
            lane.in_line = false;
            if let Some(queue) = self.by_name.get_mut(&lane.queue) {
                queue.consumers -= 1;
                queue.not_ready(Lane { subscriber, route });
            }
        }
    }

    /// Cancels and gives back what is held, all at once, so that nothing goes from one to the other of them. The queues
    /// named by the result were their own and are to be deleted.
    pub(super) fn close(&mut self, subscribers: &[u64]) -> Vec<Arc<str>> {
        subscribers.iter().for_each(|subscriber| self.cancel(*subscriber));
        let mut lanes = Vec::new();
        for subscriber in subscribers {
            let Some(mut state) = self.subscribers.remove(subscriber) else { continue };
            self.give_back(&mut state);
            self.news.touch(&state.outlet);
            lanes.append(&mut state.lanes);
        }
        lanes.iter().for_each(|lane| self.dispatch(&lane.queue, now()));
        lanes.into_iter().filter(|lane| lane.own_queue).map(|lane| lane.queue).collect()
    }

    /// Lets subscriptions know that they are about to end, and not by their user: what they hold is no longer theirs. Nobody
    /// holds a delivery that was done with when it was made.
    pub(super) fn announce_end(&self, subscribers: &[u64]) {
        for state in subscribers.iter().filter_map(|subscriber| self.subscribers.get(subscriber)) {
            if state.lanes.iter().any(|lane| !lane.settled) {
                state.outlet.push(Told::Ended);
            }
        }
    }

    /// Cuts subscriptions off, all at once, and lets them come back: what they hold goes back to the queues, their
    /// tokens mean nothing any more, and they take their turn behind the other consumers.
    pub(super) fn cut_off(&mut self, subscribers: &[u64]) {
        let mut back = Vec::new();
        for subscriber in subscribers {
            let Some(mut state) = self.subscribers.remove(subscriber) else { continue };
            state.outlet.push(Told::CutOff { label: state.label.clone() });
            self.news.touch(&state.outlet);
            for (route, lane) in state.lanes.iter_mut().enumerate() {
                let key = Lane { subscriber: *subscriber, route };
                lane.in_line = false;
                if let Some(queue) = self.by_name.get_mut(&lane.queue) {
                    queue.not_ready(key);
                }
                back.push((key, lane.queue.clone()));
            }
            self.give_back(&mut state);
            self.subscribers.insert(*subscriber, state);
        }
        back.iter().for_each(|(lane, _)| self.line_up(*lane));
        back.iter().for_each(|(_, queue)| self.dispatch(queue, now()));
    }

    /// The subscriptions that consume `queue`, oldest first.
    pub(super) fn consumers_of(&self, queue: &str) -> Vec<u64> {
        self.subscribers_where(|state| state.lanes.iter().any(|lane| lane.active && *lane.queue == *queue))
    }

    /// The subscriptions that a driver made, oldest first.
    pub(super) fn subscribers_of(&self, driver: u64) -> Vec<u64> {
        self.subscribers_where(|state| state.driver == driver)
    }

    /// The way to a subscription, for as long as it may be told something.
    pub(super) fn outlet(&self, subscriber: u64) -> Weak<Outlet> {
        self.subscribers.get(&subscriber).map_or_else(Weak::new, |state| Arc::downgrade(&state.outlet))
    }

    fn subscribers_where(&self, wanted: impl Fn(&Subscriber) -> bool) -> Vec<u64> {
        let mut keys: Vec<u64> =
            self.subscribers.iter().filter(|(_, state)| wanted(state)).map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys
    }

    fn give_back(&mut self, state: &mut Subscriber) {
        for (route, entry) in state.release_all() {
            if let Some(lane) = state.lanes.get(route) {
                self.let_go(&lane.queue, Some(entry));
            }
        }
    }

    fn let_go(&mut self, name: &str, back: Option<Entry>) {
        if let Some(queue) = self.by_name.get_mut(name) {
            queue.unacknowledged -= 1;
            if let Some(entry) = back {
                queue.put_back(entry);
            }
        }
    }

    /// Puts a consumer that has room into its queue's line, if it is not there.
    fn line_up(&mut self, lane: Lane) {
        let Some(state) = self.subscribers.get_mut(&lane.subscriber) else { return };
        let Some(kept) = state.lanes.get_mut(lane.route) else { return };
        if kept.in_line || !kept.has_room() {
            return;
        }
        if let Some(queue) = self.by_name.get_mut(&kept.queue) {
            kept.in_line = true;
            queue.ready(lane);
        }
    }

    /// Delivers what can be delivered from a queue.
    fn dispatch(&mut self, name: &str, now: Instant) {
        if let Some(queue) = self.by_name.get_mut(name) {
            deliver(queue, &mut self.subscribers, &mut self.news, now);
        }
    }
}

/// Delivers from the queue's head, one to each consumer in turn, while there are messages and room.
fn deliver(queue: &mut Queue, subscribers: &mut BTreeMap<u64, Subscriber>, news: &mut News, now: Instant) {
    while let Some(lane) = queue.next_consumer(now) {
        let Some(state) = subscribers.get_mut(&lane.subscriber) else { continue };
        let Some(entry) = queue.pop() else { break };
        let redelivered = entry.redelivered;
        let (message, ack) = match state.lanes.get(lane.route) {
            Some(kept) if kept.settled => (entry.message, AckHandle::settled()),
            _ => {
                queue.unacknowledged += 1;
                let message = entry.message.clone();
                let token = state.hold(lane.route, entry);
                (message, AckHandle::new(token, state.acks.clone()))
            }
        };
        if let Some(kept) = state.lanes.get_mut(lane.route) {
            kept.in_line = kept.has_room();
            if kept.in_line {
                queue.ready(lane);
            }
        }
        state.outlet.push(Told::Deliver { route: lane.route, message, redelivered, ack });
        news.touch(&state.outlet);
    }
}
