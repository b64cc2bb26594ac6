//! The published messages of one channel that the broker has not spoken of yet.
//!
//! Messages are numbered from 1. In confirm mode the broker returns what no queue takes, and then confirms it: the return comes
//! before the confirmation of the same message, so by then it is known. Without it the answer to any question says the same
//! of all messages before the question, because a channel's methods are carried out in order. A return is paired by the
//! `_unique_id` in the returned body, or by the whole body where that cannot be read.

use super::super::{AmqpError, Assurance, Message, OnOutcome, Outcome};
use crate::id::MessageId;
use crate::wire::WireFormat;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A message that the broker has, and who wants to know what became of it.
pub(super) struct Unconfirmed {
    pub(super) message: Message,
    pub(super) on_outcome: OnOutcome,
}

/// A message with the broker's word on it.
pub(super) struct Settled {
    unconfirmed: Unconfirmed,
    outcome: Outcome,
}

impl Unconfirmed {
    /// Whoever is told may panic; that is no reason to leave the others without a word.
    pub(super) fn tell(self, outcome: Outcome) {
        let Self { message, on_outcome } = self;
        let told = catch_unwind(AssertUnwindSafe(|| on_outcome(outcome, Some(message))));
        if told.is_err() {
            tracing::error!("whoever waited for the outcome of a message panicked when told");
        }
    }
}

impl Settled {
    pub(super) fn tell(self) {
        self.unconfirmed.tell(self.outcome);
    }
}

/// Unconfirmed messages in the order of publishing.
pub(super) struct Window {
    format: Arc<dyn WireFormat>,
    pub(super) assurance: Assurance,
    /// The number of the first entry.
    first: u64,
    entries: VecDeque<Option<Unconfirmed>>,
    returned: HashMap<MessageId, Outcome>,
}

impl Window {
    pub(super) fn new(format: Arc<dyn WireFormat>, assurance: Assurance) -> Self {
        Self { format, assurance, first: 1, entries: VecDeque::new(), returned: HashMap::new() }
    }

    /// A message whose frames are queued.
    pub(super) fn push(&mut self, unconfirmed: Unconfirmed) {
        self.entries.push_back(Some(unconfirmed));
    }

    /// The number of the last message.
    pub(super) fn last(&self) -> u64 {
        self.first + self.entries.len() as u64 - 1
    }

    /// Finds the ids of what is returned.
    pub(super) fn format(&self) -> Arc<dyn WireFormat> {
        Arc::clone(&self.format)
    }

    /// A returned message, with its id if that can be read. Its confirmation is still to come.
    pub(super) fn returned(&mut self, id: Option<MessageId>, body: &[u8], outcome: Outcome) {
        // What is too large or too deep to be read is still the same, byte by byte.
        let same = || self.entries.iter().flatten().find(|entry| entry.message.body == body);
        match id.or_else(|| same().map(|entry| entry.message.unique_id)) {
            Some(id) => drop(self.returned.insert(id, outcome)),
            None => tracing::warn!(bytes = body.len(), "the broker returned a message that is not ours"),
        }
    }

    /// The broker's word on number `tag`, with `multiple` on all up to it.
    pub(super) fn settle(&mut self, tag: u64, multiple: bool, outcome: &Outcome, into: &mut Vec<Settled>) {
        let Some(place) = tag.checked_sub(self.first).and_then(|place| usize::try_from(place).ok()) else {
            return;
        };
        if multiple {
            let count = (place + 1).min(self.entries.len());
            for entry in self.entries.drain(..count).flatten() {
                into.push(settled(entry, &mut self.returned, outcome.clone()));
            }
            self.first += count as u64;
            return;
        }
        if let Some(entry) = self.entries.get_mut(place).and_then(Option::take) {
            into.push(settled(entry, &mut self.returned, outcome.clone()));
        }
        while let Some(None) = self.entries.front() {
            self.entries.pop_front();
            self.first += 1;
        }
    }

    /// No word will come any more.
    pub(super) fn lose(self, error: &AmqpError, into: &mut Vec<Settled>) {
        let mut returned = self.returned;
        for entry in self.entries.into_iter().flatten() {
            into.push(settled(entry, &mut returned, Outcome::Lost(error.clone())));
        }
    }
}

fn settled(
    unconfirmed: Unconfirmed,
    returned: &mut HashMap<MessageId, Outcome>,
    outcome: Outcome,
) -> Settled {
    // What was returned is in no queue, whatever became of its confirmation.
    let outcome = match returned.is_empty() {
        true => outcome,
        false => returned.remove(&unconfirmed.message.unique_id).unwrap_or(outcome),
    };
    Settled { unconfirmed, outcome }
}
