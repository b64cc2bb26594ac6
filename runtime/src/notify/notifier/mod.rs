//! `Notifier`: tells what has happened, through one or more drivers.
//!
//! Knows notifications and drivers; which broker a driver sends to is the driver's.

mod builder;
mod clock;
mod queue;
mod safe;
mod stats;

pub use builder::{NotifierBuildError, NotifierBuilder};
pub use queue::{NotificationQueue, QueueFull, QueueRefusal, QueueStats, WhenFull};
pub use stats::NotifierStats;

use super::driver::{NotifyDriver, give, sorted};
use super::error::{DriversFailed, NotifyError};
use super::prepared::PreparedNotification;
use super::priority::Priority;
use super::typed::Notification;
use crate::context::Context;
use crate::contract::BoxFuture;
use crate::json::RawJson;
use crate::transport::Transport;
use futures_util::future::join_all;
use serde::Serialize;
use stats::NotifierCounters;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A pending send; does nothing until it is awaited. Dropping it stops waiting; what has left is not called back.
pub type Sending = BoxFuture<Result<(), NotifyError>>;

/// Sends notifications. Cheap to clone; clones share drivers and counters.
///
/// Corresponds to `oslo_messaging.Notifier`. Where Python logs what a driver failed of, awaiting a send here says it too:
/// `Ok` means that every driver has taken the notification, for `messaging` and `messagingv2` that the broker has confirmed
/// it into a queue.
///
/// ```
/// use oslo_messaging::notify::Notifier;
/// use oslo_messaging::{Context, Transport};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://notifier-doc")?;
/// let notifier = Notifier::builder(&transport).publisher_id("compute.host-1").build()?;
/// let payload = serde_json::json!({"instance": "web", "state": "active"});
/// notifier.info(&Context::new(), "compute.instance.create.end", &payload).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Notifier {
    shared: Arc<Shared>,
    publisher_id: Option<Arc<str>>,
    retry: Option<u32>,
}

/// What clones share.
#[derive(Debug)]
struct Shared {
    drivers: Vec<Arc<dyn NotifyDriver>>,
    topics: Arc<[Arc<str>]>,
    /// Context entries that go out beside those known to be safe.
    context_fields: Vec<String>,
    timeout: Option<Duration>,
    counters: NotifierCounters,
}

impl Notifier {
    /// Begins the description of a notifier whose notifications go through `transport`, by the driver `messagingv2`
    /// unless another is named.
    pub fn builder(transport: &Transport) -> NotifierBuilder {
        NotifierBuilder::new(Some(transport))
    }

    /// Begins the description of a notifier with drivers that need no broker. Without any, notifications go nowhere.
    pub fn without_transport() -> NotifierBuilder {
        NotifierBuilder::new(None)
    }

    /// A copy to be given another publisher id or retry, in place of this one's. Corresponds to `Notifier.prepare`.
    ///
    /// ```
    /// # let notifier = oslo_messaging::notify::Notifier::without_transport().build().unwrap();
    /// let urgent = notifier.prepare().publisher_id("compute.host-2").retry(0);
    /// # let _ = urgent;
    /// ```
    #[must_use]
    pub fn prepare(&self) -> Self {
        self.clone()
    }

    /// The same notifier under another publisher id.
    #[must_use]
    pub fn publisher_id(mut self, publisher_id: &str) -> Self {
        self.publisher_id = Some(publisher_id.into());
        self
    }

    /// The same notifier, trying again at most so often.
    #[must_use]
    pub fn retry(mut self, retry: u32) -> Self {
        self.retry = Some(retry);
        self
    }

    /// The same notifier, trying again as often as its timeout allows. Corresponds to a `retry` of -1 in `prepare`.
    #[must_use]
    pub fn no_retry_limit(mut self) -> Self {
        self.retry = None;
        self
    }

    /// Whether notifications go anywhere: whether there is a driver other than `noop`. Corresponds to
    /// `Notifier.is_enabled`, which is true without any driver, too.
    pub fn is_enabled(&self) -> bool {
        self.drivers().any(|name| name != "noop")
    }

    /// Names of the drivers, in the order of the builder.
    pub fn drivers(&self) -> impl Iterator<Item = &str> {
        self.shared.drivers.iter().map(|driver| driver.name())
    }

    /// What this notifier and its clones have done so far.
    pub fn stats(&self) -> NotifierStats {
        self.shared.counters.snapshot()
    }

    /// Sends a payload that knows its event type and priority.
    pub fn notify<P: Notification + ?Sized>(&self, context: &Context, payload: &P) -> Sending {
        let about = &P::DESCRIPTOR;
        self.send(about.priority, context, about.event_type, payload)
    }

    /// Sends to the queues of a priority.
    ///
    /// The payload is encoded before this returns. The send ends by the notifier's timeout.
    ///
    /// # Errors
    /// When the payload does not encode, or a driver fails; the other drivers have been tried all the same. Each failure
    /// is logged and counted too, so that a caller who only notifies in passing may drop it.
    pub fn send<P: Serialize + ?Sized>(
        &self,
        priority: Priority,
        context: &Context,
        event_type: &str,
        payload: &P,
    ) -> Sending {
        match self.prepared(priority, context, event_type, payload) {
            Ok(notification) => {
                let shared = Arc::clone(&self.shared);
                Box::pin(async move { shared.deliver(notification).await })
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    /// A queue in front of this notifier, for callers that must not wait for a broker. It sends from the current tokio
    /// runtime; `capacity` is the number of notifications that may wait.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn queued(&self, capacity: usize, when_full: WhenFull) -> NotificationQueue {
        NotificationQueue::new(self.clone(), capacity, when_full)
    }

    /// Everything that can be settled before a driver is asked.
    fn prepared<P: Serialize + ?Sized>(
        &self,
        priority: Priority,
        context: &Context,
        event_type: &str,
        payload: &P,
    ) -> Result<PreparedNotification, NotifyError> {
        let shared = &self.shared;
        let payload = RawJson::encode(payload).map_err(|error| {
            shared.counters.failed.add();
            let error = NotifyError::Payload { event_type: event_type.to_owned(), cause: error.to_string() };
            shared.counters.log(&error);
            error
        })?;
        Ok(PreparedNotification {
            context: safe::only_safe(context, &shared.context_fields),
            message_id: uuid::Uuid::new_v4().to_string(),
            publisher_id: self.publisher_id.clone(),
            event_type: event_type.to_owned(),
            priority,
            payload,
            timestamp: clock::timestamp(SystemTime::now()),
            topics: Arc::clone(&shared.topics),
            retry: self.retry,
            deadline: None,
        })
    }
}

impl Shared {
    /// Gives a notification to every driver at the same time; each failure is counted and logged.
    async fn deliver(&self, mut notification: PreparedNotification) -> Result<(), NotifyError> {
        notification.deadline = self.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let ends = match &*self.drivers {
            [driver] => match give(&**driver, &notification).await {
                Ok(()) => Vec::new(),
                failed => vec![failed],
            },
            drivers => join_all(drivers.iter().map(|driver| give(&**driver, &notification))).await,
        };
        if ends.iter().all(Result::is_ok) {
            self.counters.sent.add();
            return Ok(());
        }
        self.counters.failed.add();
        let names = self.drivers.iter().map(|driver| driver.name());
        let (failures, taken_by) = sorted(names.zip(ends));
        let PreparedNotification { event_type, priority, message_id, .. } = notification;
        let failed = DriversFailed { event_type, priority, message_id, failures, taken_by };
        let error = NotifyError::from(Box::new(failed));
        self.counters.log(&error);
        Err(error)
    }
}

macro_rules! priorities {
    ($($(#[$doc:meta])* $name:ident => $priority:ident),* $(,)?) => {
        impl Notifier {
            $(
                $(#[$doc])*
                pub fn $name<P: Serialize + ?Sized>(&self, context: &Context, event_type: &str, payload: &P) -> Sending {
                    self.send(Priority::$priority, context, event_type, payload)
                }
            )*
        }
    };
}

priorities! {
    /// Sends with priority `audit`; see [`send`](Self::send).
    audit => Audit,
    /// Sends with priority `debug`; see [`send`](Self::send).
    debug => Debug,
    /// Sends with priority `info`; see [`send`](Self::send).
    info => Info,
    /// Sends with priority `warn`, as Python's `warn` and `warning`; see [`send`](Self::send).
    warn => Warn,
    /// Sends with priority `error`; see [`send`](Self::send).
    error => Error,
    /// Sends with priority `critical`; see [`send`](Self::send).
    critical => Critical,
    /// Sends a measurement with priority `sample`; see [`send`](Self::send).
    sample => Sample,
}
