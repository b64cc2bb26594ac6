//! `Transport`: the handle that users hold.
//!
//! Knows one driver and its options. What is built on top (the caller in `rpc/`) is kept here only as an opaque value, so
//! that all clients of a transport share one.

use super::driver::Driver;
use super::health::{ConnectFailure, ConnectFailureKind, Health};
use super::options::TransportOptions;
use super::stats::{TransportCounters, TransportStats};
use crate::contract::Invoke;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A connection to a broker, shared by any number of clients, servers, notifiers and listeners. Cheap to clone.
///
/// Corresponds to `oslo_messaging.Transport`. It connects in the background and reconnects by itself; what is sent waits
/// for a connection until its own deadline. Dropping the last clone does not end what runs on it; [`close`](Self::close)
/// does.
///
/// ```
/// use oslo_messaging::Transport;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://")?;
/// transport.ready(Duration::from_secs(10)).await?;
/// assert!(transport.health().is_ready());
/// transport.close(Duration::from_secs(5)).await;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    driver: Arc<dyn Driver>,
    options: Arc<TransportOptions>,
    counters: Arc<TransportCounters>,
    caller: OnceLock<Arc<dyn SharedCaller>>,
}

/// A close that has begun. Calls in flight end with it, whether it is waited for or not.
struct Closed<'a>(&'a Shared);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        if let Some(caller) = self.0.caller.get() {
            caller.closed();
        }
    }
}

/// What carries out the calls of all clients of a transport.
pub(crate) trait SharedCaller: Invoke {
    /// The transport is closed: no answer comes any more.
    fn closed(&self);
}

impl Transport {
    /// A transport over a driver. Programs make theirs from a URL or a configuration file instead.
    pub fn new(driver: Arc<dyn Driver>, options: TransportOptions) -> Self {
        let options = Arc::new(options);
        let shared = Shared { driver, options, counters: Arc::default(), caller: OnceLock::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Waits until messages can be sent, for at most `timeout`.
    ///
    /// # Errors
    /// [`NotReady`], which says what stood in the way last: a wrong password, a missing virtual host, an absent broker.
    pub async fn ready(&self, timeout: Duration) -> Result<(), NotReady> {
        let mut health = self.shared.driver.health();
        let settled = health.wait_for(|h| matches!(h, Health::Ready { .. } | Health::Closed));
        let seen =
            tokio::time::timeout(timeout, settled).await.map(|state| state.map(|health| health.clone()));
        match seen {
            Ok(Ok(Health::Ready { .. })) => Ok(()),
            Ok(_) => Err(NotReady { waited: timeout, health: Health::Closed }),
            Err(_) => Err(NotReady { waited: timeout, health: self.health() }),
        }
    }

    /// The state of the connection at this moment.
    pub fn health(&self) -> Health {
        self.shared.driver.health().borrow().clone()
    }

    /// The state of the connection, to be watched.
    pub fn watch_health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.shared.driver.health()
    }

    /// Closes the connection: messages that wait or are unconfirmed have until `limit`. Calls in flight end with an error,
    /// whose `ran()` is `Maybe`; servers stop, but their handlers' answers have no connection left: stop servers first, and
    /// wait for them. Everything on this transport fails from then on. Dropping the future does not undo the close.
    ///
    /// Corresponds to `Transport.cleanup`.
    pub async fn close(&self, limit: Duration) {
        let _closed = Closed(&self.shared);
        self.shared.driver.close(limit).await;
    }

    /// What the clients of this transport have done so far.
    pub fn stats(&self) -> TransportStats {
        self.shared.counters.snapshot()
    }

    /// The options it was made with.
    pub fn options(&self) -> &TransportOptions {
        &self.shared.options
    }

    /// The driver under it.
    pub fn driver(&self) -> &Arc<dyn Driver> {
        &self.shared.driver
    }

    pub(crate) fn shared_options(&self) -> Arc<TransportOptions> {
        Arc::clone(&self.shared.options)
    }

    pub(crate) fn counters(&self) -> Arc<TransportCounters> {
        Arc::clone(&self.shared.counters)
    }

    /// What carries out the calls of all clients of this transport; made by `make` when first asked for.
    pub(crate) fn caller_or_init(
        &self,
        make: impl FnOnce() -> Arc<dyn SharedCaller>,
    ) -> &Arc<dyn SharedCaller> {
        self.shared.caller.get_or_init(make)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("driver", &self.shared.driver.name())
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

/// The transport was not ready in time, or is closed.
#[derive(Debug, Clone, PartialEq)]
pub struct NotReady {
    /// How long was waited for at most.
    pub waited: Duration,
    /// The state it was in at the end.
    pub health: Health,
}

impl NotReady {
    /// The last failed connection attempt, if one has failed yet.
    pub fn failure(&self) -> Option<&ConnectFailure> {
        match &self.health {
            Health::Connecting { last, .. } | Health::Reconnecting { last, .. } => last.as_deref(),
            _ => None,
        }
    }

    /// What kind of failure that was.
    pub fn kind(&self) -> Option<ConnectFailureKind> {
        self.failure().map(|failure| failure.kind)
    }
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waited, health } = self;
        match (health, self.failure()) {
            (Health::Closed, _) => f.write_str("the transport is closed"),
            (Health::Blocked { node, reason }, _) => {
                write!(f, "not ready after {waited:?}: {node} takes no messages: {reason}")
            }
            (Health::Connecting { attempts, .. } | Health::Reconnecting { attempts, .. }, Some(failure)) => {
                write!(f, "not ready after {waited:?} and {attempts} attempts: {failure}")
            }
            _ => write!(f, "not ready after {waited:?}"),
        }
    }
}

impl std::error::Error for NotReady {}
