//! One queue: its messages in order, and the consumers that can take one, in turn. Knows nothing of who they are.

use crate::wire::Properties;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// A published message; all queues that it reached share it.
pub(super) struct Message {
    pub(super) body: Vec<u8>,
    pub(super) properties: Properties,
    /// When it is dropped from the head of a queue.
    pub(super) expires: Option<Instant>,
}

impl Message {
    fn is_expired(&self, now: Instant) -> bool {
        // Strict: a message with an expiry of zero still reaches a consumer that is ready when it is published.
        self.expires.is_some_and(|expires| expires < now)
    }
}

/// Without the body, which may hold secrets.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("bytes", &self.body.len()).field("expires", &self.expires).finish()
    }
}

/// A message in one queue.
#[derive(Debug)]
pub(super) struct Entry {
    position: u64,
    pub(super) redelivered: bool,
    pub(super) message: Arc<Message>,
}

/// One route of a subscription, as a queue sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) subscriber: u64,
    pub(super) route: usize,
}

/// A queue.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Messages given back, by position. Messages leave from the head, so each of these stood before all of `fresh`.
    returned: BTreeMap<u64, Entry>,
    /// Messages not yet delivered.
    fresh: VecDeque<Entry>,
    last_position: u64,
    /// Consumers that have room for a message, whose turn is next first.
    ready: VecDeque<Lane>,
    /// Consumers, with room or without.
    pub(super) consumers: u32,
    /// Deliveries that are neither acknowledged nor given back.
    pub(super) unacknowledged: usize,
}

impl Queue {
    /// Messages ready for delivery.
    pub(super) fn len(&self) -> usize {
        self.returned.len() + self.fresh.len()
    }

    /// Adds a message at the tail.
    pub(super) fn push(&mut self, message: Arc<Message>) {
        self.last_position += 1;
        self.fresh.push_back(Entry { position: self.last_position, redelivered: false, message });
    }

    /// Puts a delivered message back where it stood.
    pub(super) fn put_back(&mut self, mut entry: Entry) {
        entry.redelivered = true;
        self.returned.insert(entry.position, entry);
    }

    /// Drops what has expired at the head; a message that waits behind another is left.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.returned.first_key_value().is_some_and(|(_, entry)| entry.message.is_expired(now)) {
            self.returned.pop_first();
        }
        while self.returned.is_empty()
            && self.fresh.front().is_some_and(|entry| entry.message.is_expired(now))
        {
            self.fresh.pop_front();
        }
    }

    /// The consumer whose turn it is, if a message waits for it.
    pub(super) fn next_consumer(&mut self, now: Instant) -> Option<Lane> {
        self.expire(now);
        if self.len() == 0 { None } else { self.ready.pop_front() }
    }

    /// The message at the head.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        match self.returned.pop_first() {
            Some((_, entry)) => Some(entry),
            None => self.fresh.pop_front(),
        }
    }

    /// A consumer has room: it takes its place behind the others.
    pub(super) fn ready(&mut self, lane: Lane) {
        self.ready.push_back(lane);
    }

    /// A consumer takes no more.
    pub(super) fn not_ready(&mut self, lane: Lane) {
        self.ready.retain(|other| *other != lane);
    }

    /// Lets the message at the tail change places with another that was never delivered, if there is one; `choose` picks
    /// one of so many.
    pub(super) fn swap_tail(&mut self, choose: impl FnOnce(usize) -> usize) -> bool {
        let Some(tail) = self.fresh.len().checked_sub(1) else { return false };
        if tail == 0 {
            return false;
        }
        let other = choose(tail);
        let Some(tail_message) = self.fresh.get(tail).map(|entry| entry.message.clone()) else {
            return false;
        };
        let Some(entry) = self.fresh.get_mut(other) else { return false };
        let other_message = std::mem::replace(&mut entry.message, tail_message);
        if let Some(entry) = self.fresh.get_mut(tail) {
            entry.message = other_message;
        }
        true
    }

    /// Drops all messages that are ready; says how many.
    pub(super) fn purge(&mut self) -> usize {
        let dropped = self.len();
        self.returned.clear();
        self.fresh.clear();
        dropped
    }
}
