//! What a listener was built with; the same for all its runs.

use super::methods::Methods;
use crate::transport::{AckMode, Route, Subscription, Transport};
use std::sync::Arc;
use std::time::Duration;

/// What becomes of a notification whose payload does not fit the type of a method that wants it.
///
/// Python has no types there. Whatever it is, the other methods that want the notification are called, it is counted, and
/// logged once for each method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum UnfitPolicy {
    /// It is given back to its queue, as if the method had asked for that; the rest of the methods is not called. Where
    /// giving back is not allowed this is [`DeadLetter`](Self::DeadLetter).
    Requeue,
    /// It is kept in the queue `<queue>.dead`, with the reason in a header.
    #[default]
    DeadLetter,
    /// It is done with.
    Drop,
}

/// How notifications are taken together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batching {
    pub(super) size: usize,
    pub(super) timeout: Duration,
}

/// One queue that is listened to.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) route: Route,
    /// What events say they came by; empty where that cannot be known: a pool's queue serves all targets.
    pub(super) exchange: Arc<str>,
    pub(super) topic: Arc<str>,
    pub(super) priority: &'static str,
    /// Name of the queue.
    pub(super) queue: String,
}

/// The settings of a listener, checked.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) transport: Transport,
    /// Who this is, for log lines, connections and dead letters.
    pub(super) label: String,
    pub(super) sources: Vec<Source>,
    pub(super) methods: Methods,
    pub(super) allow_requeue: bool,
    pub(super) redelivery_limit: Option<u32>,
    pub(super) unfit: UnfitPolicy,
    pub(super) dead_letter_malformed: bool,
    pub(super) batching: Option<Batching>,
    pub(super) concurrency: usize,
    pub(super) prefetch: u16,
    pub(super) stop_limit: Duration,
    pub(super) start_timeout: Duration,
}

impl Config {
    pub(super) fn subscription(&self) -> Subscription {
        let routes = self.sources.iter().map(|source| source.route.clone()).collect();
        let ack_mode = AckMode::AfterHandling;
        Subscription { routes, prefetch: self.prefetch, ack_mode, label: self.label.clone() }
    }
}
