//! The suite: where its drivers come from, how long it waits, and what a script is.

use super::history::{Failure, History};
use crate::id::MessageId;
use crate::transport::{AckMode, BoxFuture, Capabilities, Driver};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One script of the suite.
#[derive(Clone, Copy)]
pub struct Script {
    /// Its name, that of its function.
    pub name: &'static str,
    /// What it is about, in a sentence.
    pub about: &'static str,
    /// Whether a driver with these capabilities must pass it.
    pub applies: fn(&Capabilities) -> bool,
    /// Whether it cuts connections; it is played only if the suite knows how.
    pub cuts: bool,
    /// Plays it.
    pub play: for<'a> fn(&'a Suite) -> BoxFuture<'a, Result<History, Failure>>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("name", &self.name).field("about", &self.about).finish_non_exhaustive()
    }
}

/// Cuts the connections of one driver, as a network does; the driver is to come back by itself. Resolves when they are
/// cut.
pub type Cut = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

type Connect = Box<dyn Fn() -> BoxFuture<'static, (Arc<dyn Driver>, Option<Cut>)> + Send + Sync>;

/// The suite for one driver.
pub struct Suite {
    connect: Connect,
    cuts: bool,
    prefix: String,
    limit: Duration,
    ack_mode: AckMode,
}

impl Suite {
    /// A suite that gets its drivers from `connect`: each call gives a driver with connections of its own, all to one
    /// broker.
    pub fn new(connect: impl Fn() -> BoxFuture<'static, Arc<dyn Driver>> + Send + Sync + 'static) -> Self {
        let without_cut = move || -> BoxFuture<'static, (Arc<dyn Driver>, Option<Cut>)> {
            let connected = connect();
            Box::pin(async move { (connected.await, None) })
        };
        Self::with(Box::new(without_cut), false)
    }

    /// A suite that can also cut the connections of its drivers, so that it plays the scripts about that too.
    pub fn with_cut(
        connect: impl Fn() -> BoxFuture<'static, (Arc<dyn Driver>, Cut)> + Send + Sync + 'static,
    ) -> Self {
        let with_cut = move || -> BoxFuture<'static, (Arc<dyn Driver>, Option<Cut>)> {
            let connected = connect();
            Box::pin(async move {
                let (driver, cut) = connected.await;
                (driver, Some(cut))
            })
        };
        Self::with(Box::new(with_cut), true)
    }

    fn with(connect: Connect, cuts: bool) -> Self {
        let id = MessageId::random();
        let prefix = format!("conformance-{}", id.as_str().get(..8).unwrap_or_default());
        let (limit, ack_mode) = (Duration::from_secs(60), AckMode::AfterHandling);
        Self { connect, cuts, prefix, limit, ack_mode }
    }

    /// Starts the names of exchanges and queues with `prefix`, in place of `conformance-` and eight random digits.
    /// What the broker keeps (topic exchanges, queues of topics) is left there and can be told by it.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Waits this long for each single event before the script fails; default 60 s.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Has the scripts subscribe like this; default [`AckMode::AfterHandling`]. A driver to which it makes a difference is to
    /// pass with both.
    #[must_use]
    pub fn ack_mode(mut self, ack_mode: AckMode) -> Self {
        self.ack_mode = ack_mode;
        self
    }

    /// How the scripts subscribe.
    pub(super) fn subscribes(&self) -> AckMode {
        self.ack_mode
    }

    /// What names of exchanges and queues begin with.
    pub(super) fn names(&self) -> &str {
        &self.prefix
    }

    /// How long it waits for a single event.
    pub(super) fn patience(&self) -> Duration {
        self.limit
    }

    pub(super) fn cuts(&self) -> bool {
        self.cuts
    }

    pub(super) fn connect(&self) -> BoxFuture<'static, (Arc<dyn Driver>, Option<Cut>)> {
        (self.connect)()
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite")
            .field("prefix", &self.prefix)
            .field("limit", &self.limit)
            .field("ack_mode", &self.ack_mode)
            .finish_non_exhaustive()
    }
}
