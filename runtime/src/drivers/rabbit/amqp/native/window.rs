//! The published messages of one channel that the broker has not spoken of yet.
//!
//! Messages are numbered from 1. In confirm mode the broker returns what no queue takes, and then confirms it: the return comes
//! before the confirmation of the same message, so by then it is known. Without it the answer to any question says the same
//! of all messages before the question, because a channel's methods are carried out in order. A return is paired by the
//! `_unique_id` in the returned body, or by the whole body where that cannot be read.

use super::super::{AmqpError, Assurance, Message, OnOutcome, Outcome};
use crate::drivers::rabbit::traffic::Traffic;
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
    /// The number of the last message.
    last: u64,
    /// With their numbers, which ascend.
    entries: VecDeque<(u64, Unconfirmed)>,
    returned: HashMap<MessageId, Outcome>,
    traffic: Arc<Traffic>,
    /// The number of one message behind which others are counted until the broker's answer.
    counted: Option<u64>,
}

impl Window {
    pub(super) fn new(format: Arc<dyn WireFormat>, assurance: Assurance, traffic: Arc<Traffic>) -> Self {
        let (entries, returned) = Default::default();
        // The first message in confirm mode is number 1.
        Self { format, assurance, last: 0, entries, returned, traffic, counted: None }
    }

    /// A message whose frames are queued.
    pub(super) fn push(&mut self, unconfirmed: Unconfirmed) {
        self.last += 1;
        self.entries.push_back((self.last, unconfirmed));
        if self.assurance == Assurance::Confirmed {
            self.counted.get_or_insert(self.last);
        }
    }

    /// The broker is asked now whether it has routed what there is: all up to this number.
    pub(super) fn ask(&mut self) -> u64 {
        self.counted.get_or_insert(self.last);
        self.last
    }

    /// Finds the ids of what is returned.
    pub(super) fn format(&self) -> Arc<dyn WireFormat> {
        Arc::clone(&self.format)
    }

    /// A returned message, with its id if that can be read. Its confirmation is still to come.
    pub(super) fn returned(&mut self, id: Option<MessageId>, body: &[u8], outcome: Outcome) {
        // What is too large or too deep to be read is still the same, byte by byte.
        let same = || self.entries.iter().find(|(_, entry)| entry.message.body == body);
        match id.or_else(|| same().map(|(_, entry)| entry.message.unique_id)) {
            Some(id) => drop(self.returned.insert(id, outcome)),
            None => tracing::warn!(bytes = body.len(), "the broker returned a message that is not ours"),
        }
    }

    /// The broker's word on number `tag`, with `multiple` on all up to it.
    pub(super) fn settle(&mut self, tag: u64, multiple: bool, outcome: &Outcome, into: &mut Vec<Settled>) {
        // By the next one at the latest: its own word may have come before those of others, or never come.
        if let Some(number) = self.counted.take_if(|number| *number <= tag) {
            self.traffic.answered(self.last - number);
        }
        if multiple {
            let count = self.entries.partition_point(|(number, _)| *number <= tag);
            for (_, entry) in self.entries.drain(..count) {
                into.push(settled(entry, &mut self.returned, outcome.clone()));
            }
        } else if let Some(entry) = self.take(tag) {
            into.push(settled(entry, &mut self.returned, outcome.clone()));
        }
    }

    /// Mostly the oldest.
    fn take(&mut self, tag: u64) -> Option<Unconfirmed> {
        let entry = match self.entries.front()? {
            (number, _) if *number == tag => self.entries.pop_front(),
            _ => self.entries.remove(self.entries.binary_search_by_key(&tag, |(number, _)| *number).ok()?),
        };
        entry.map(|(_, entry)| entry)
    }

    /// No word will come any more.
    pub(super) fn lose(self, error: &AmqpError, into: &mut Vec<Settled>) {
        let mut returned = self.returned;
        for (number, entry) in self.entries {
            let lost = Outcome::Lost { number, error: error.clone() };
            into.push(settled(entry, &mut returned, lost));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::rabbit::amqp::sample::{message, outcome};
    use crate::wire::Oslo2;

    fn publish(window: &mut Window) {
        let on_outcome = outcome().0;
        window.push(Unconfirmed { message: message("queue", "x"), on_outcome });
    }

    #[test]
    fn one_that_stays_unconfirmed_for_ever_takes_no_memory_for_the_others() {
        let mut window = Window::new(Arc::new(Oslo2::new()), Assurance::Confirmed, Arc::default());
        let mut told = Vec::new();
        publish(&mut window);
        for tag in 2..10_000 {
            publish(&mut window);
            window.settle(tag, false, &Outcome::Confirmed, &mut told);
            assert_eq!(told.drain(..).count(), 1);
        }
        assert_eq!(window.entries.len(), 1);
        assert!(window.entries.capacity() < 16 && told.capacity() < 16);
        window.settle(9_999, true, &Outcome::Confirmed, &mut told);
        assert_eq!((told.len(), window.entries.len()), (1, 0));
    }

    #[test]
    fn confirmations_in_any_order_settle_what_they_name_and_nothing_twice() {
        let mut window = Window::new(Arc::new(Oslo2::new()), Assurance::Confirmed, Arc::default());
        (0..6).for_each(|_| publish(&mut window));
        let mut counts = Vec::new();
        for (tag, multiple) in [
            (3, false),
            (3, false),
            (0, false),
            (0, true),
            (5, false),
            (4, true),
            (5, true),
            (9, false),
            (9, true),
        ] {
            let mut told = Vec::new();
            window.settle(tag, multiple, &Outcome::Confirmed, &mut told);
            counts.push(told.len());
        }
        assert_eq!(counts, [1, 0, 0, 0, 1, 3, 0, 0, 1]);
    }
}
