//! One publishing channel: in which order messages left by it, and what is certain of each when the broker ends it.
//!
//! The broker ends a channel over one publish that it cannot carry out, to an exchange that is missing or forbidden, and
//! ignores whatever comes over that channel afterwards. Which publish it was is not said. It is one of those to the exchange
//! that the error names, so it is the last of them or one before: the last one has certainly not been taken, and neither
//! has anything behind it. What left before may be in a queue, and only its confirmation be missing.

use super::state::Terms;
use crate::drivers::rabbit::amqp::{AmqpError, Confirms, Message, Outcome};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A publishing channel.
pub(super) struct Lane {
    confirms: Confirms,
    /// `host:port`.
    pub(super) node: Arc<str>,
    unsettled: AtomicUsize,
    /// It took a message no more, even if the connection does not say so yet.
    closed: AtomicBool,
    wreck: Mutex<Wreck>,
}

/// What the channel's end has left.
#[derive(Default)]
struct Wreck {
    lost: Vec<Lost>,
    refused_at: Option<u64>,
}

/// A message whose confirmation will not come.
pub(super) struct Lost {
    /// Its place among those of the channel.
    pub(super) position: u64,
    pub(super) error: AmqpError,
    pub(super) message: Message,
    pub(super) terms: Terms,
}

/// What is certain of a lost message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing: a queue may have it.
    Unknown,
    /// The broker has refused it.
    Refused,
    /// The broker has ignored it.
    Ignored,
}

impl Lane {
    pub(super) fn new(confirms: Confirms, node: Arc<str>) -> Self {
        let (unsettled, closed, wreck) = Default::default();
        Self { confirms, node, unsettled, closed, wreck }
    }

    /// Whether messages can be published.
    pub(super) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed) && self.confirms.is_open()
    }

    /// Nothing is published here any more.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// Publishes; `on_outcome` calls [`settled`](Self::settled).
    pub(super) fn publish(
        &self,
        message: Message,
        on_outcome: impl FnOnce(Outcome, Option<Message>) + Send + 'static,
    ) {
        self.unsettled.fetch_add(1, Ordering::SeqCst);
        self.confirms.publish(message, Box::new(on_outcome));
    }

    /// Keeps a lost message until it can be told what became of it.
    pub(super) fn lose(&self, lost: Lost) {
        lock(&self.wreck).lost.push(lost);
    }

    /// One message has its outcome, or is kept as lost. Behind the last one gives all that were lost, in the order in
    /// which they left.
    pub(super) fn settled(&self) -> Vec<(Fate, Lost)> {
        if self.unsettled.fetch_sub(1, Ordering::SeqCst) > 1 {
            return Vec::new();
        }
        let mut wreck = lock(&self.wreck);
        let mut lost = std::mem::take(&mut wreck.lost);
        lost.sort_unstable_by_key(|lost| lost.position);
        if wreck.refused_at.is_none() {
            wreck.refused_at = refused_at(&lost);
        }
        lost.into_iter().map(|lost| (fate(wreck.refused_at, lost.position), lost)).collect()
    }
}

/// Where the last of the messages left over which the broker may have ended the channel.
fn refused_at(lost: &[Lost]) -> Option<u64> {
    let named = |lost: &&Lost| names(&lost.error, &lost.message.exchange);
    lost.iter().rev().find(named).map(|lost| lost.position)
}

fn fate(refused_at: Option<u64>, position: u64) -> Fate {
    match refused_at {
        Some(refused) if position == refused => Fate::Refused,
        Some(refused) if position > refused => Fate::Ignored,
        _ => Fate::Unknown,
    }
}

/// Whether the broker says that this exchange is missing or forbidden.
pub(super) fn names(error: &AmqpError, exchange: &str) -> bool {
    let exchange = if exchange.is_empty() { "amq.default" } else { exchange };
    matches!(error.code, Some(403 | 404)) && error.text.contains(&format!("exchange '{exchange}'"))
}

/// A poisoned lock only means that some thread panicked between two assignments of plain data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::rabbit::amqp::Scope;
    use crate::id::MessageId;
    use crate::transport::Route;

    fn lost(position: u64, exchange: &str, code: u16, text: &str) -> Lost {
        Lost {
            position,
            error: AmqpError { code: Some(code), scope: Scope::Channel, text: text.to_owned() },
            message: Message {
                exchange: exchange.into(),
                routing_key: "".into(),
                mandatory: false,
                properties: crate::wire::Properties::default(),
                body: Vec::new(),
                unique_id: MessageId::random(),
            },
            terms: Terms::sample(Route::Reply { address: "r".into() }, Box::new(drop)),
        }
    }

    fn fates(exchanges: &[&str], code: u16, text: &str) -> Vec<Fate> {
        let lost: Vec<_> = (0..).zip(exchanges).map(|(n, exchange)| lost(n, exchange, code, text)).collect();
        let refused = refused_at(&lost);
        lost.iter().map(|lost| fate(refused, lost.position)).collect()
    }

    #[test]
    fn the_last_to_the_named_exchange_and_all_behind_it_were_not_taken() {
        use Fate::{Ignored, Refused, Unknown};
        let missing = "NOT_FOUND - no exchange 'gone' in vhost '/'";
        assert_eq!(fates(&["", "gone", "a", ""], 404, missing), [Unknown, Refused, Ignored, Ignored]);
        assert_eq!(fates(&["gone", "a", "gone", "a"], 404, missing), [Unknown, Unknown, Refused, Ignored]);
        let forbidden = "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'u'";
        assert_eq!(fates(&["a", "", "a"], 403, forbidden), [Unknown, Refused, Ignored]);
    }

    #[test]
    fn without_a_named_exchange_nothing_is_certain() {
        let large = "PRECONDITION_FAILED - message size 2 is larger than configured max size 1";
        assert_eq!(fates(&["a", "b"], 406, large), [Fate::Unknown; 2]);
        let other = "NOT_FOUND - no exchange 'abc' in vhost '/'";
        assert_eq!(fates(&["a", "bc"], 404, other), [Fate::Unknown; 2]);
    }
}
