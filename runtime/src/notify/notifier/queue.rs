//! A bounded queue in front of a notifier, for callers that must not wait for a broker.

use super::{Notifier, NotifyError};
use crate::context::Context;
use crate::notify::prepared::PreparedNotification;
use crate::notify::priority::Priority;
use crate::notify::typed::Notification;
use crate::serving::LogLimit;
use crate::transport::Counter;
use crate::wire::short;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde::Serialize;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How many notifications of a queue are under way to the drivers at a time.
const UNDER_WAY: usize = 256;

/// What happens to a notification when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The caller waits for room.
    Wait,
    /// The new notification is refused, and the caller told.
    Fail,
    /// The oldest that waits is dropped, counted and logged.
    DropOldest,
}

/// The queue has not taken a notification; it was not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("notification `{event_type}` not sent: {cause}")]
#[non_exhaustive]
pub struct QueueFull {
    /// Event type.
    pub event_type: String,
    /// What stood in the way.
    pub cause: QueueRefusal,
}

/// What keeps a queue from taking a notification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueueRefusal {
    /// So many wait, and the queue does not wait for room: [`WhenFull::Fail`].
    #[error("its queue is full ({capacity} wait)")]
    Full {
        /// How many may wait.
        capacity: usize,
    },
    /// The queue was closed, or its tokio runtime has ended: it takes nothing more.
    #[error("its queue is closed")]
    Closed,
    /// The payload does not encode; what the encoder said.
    #[error("its payload does not encode: {0}")]
    Payload(String),
}

/// What a queue has done so far. A snapshot; all counts since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStats {
    /// Notifications that wait.
    pub waiting: usize,
    /// Notifications that are being sent.
    pub under_way: usize,
    /// Notifications that every driver has taken.
    pub sent: u64,
    /// Notifications that a driver has not taken; each was logged.
    pub failed: u64,
    /// Notifications dropped for newer ones, or left when the queue or its tokio runtime ended.
    pub dropped: u64,
    /// Notifications refused because the queue was full or closed.
    pub refused: u64,
}

/// A bounded queue in front of a [`Notifier`]; made by [`Notifier::queued`]. Cheap to clone.
///
/// Notifications are handed to the drivers in their order, several at a time. Failures are logged and counted. The sending
/// goes on until the last clone is dropped and everything that was accepted is sent; it ends with its tokio runtime, and
/// then takes nothing more, so [`close`](Self::close) before the program ends.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use oslo_messaging::notify::{Notification, Notifier, WhenFull};
/// use oslo_messaging::{Context, testing::TestDriver};
/// use std::time::Duration;
///
/// #[derive(serde::Serialize, Notification)]
/// #[notification(event_type = "image.viewed")]
/// struct Viewed { id: u32 }
///
/// # let driver = TestDriver::new();
/// # let notifier = Notifier::without_transport().driver(driver.clone()).build()?;
/// let queue = notifier.queued(1000, WhenFull::DropOldest);
/// queue.notify(&Context::new(), &Viewed { id: 7 }).await?;
/// let stats = queue.close(Duration::from_secs(10)).await;
/// assert_eq!((stats.sent, stats.dropped), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct NotificationQueue {
    notifier: Notifier,
    inner: Arc<Inner>,
    /// Its drop tells the sending task that nobody can push any more.
    _open: Arc<Open>,
}

struct Inner {
    capacity: usize,
    when_full: WhenFull,
    line: Mutex<Line>,
    /// Told when something was pushed or the queue was closed.
    pushed: Notify,
    /// Told when there is room again.
    room: Notify,
    /// Told when nothing waits and nothing is under way.
    idle: Notify,
    sent: Counter,
    failed: Counter,
    dropped: Counter,
    refused: Counter,
    /// What is dropped for newer ones.
    log: LogLimit,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<PreparedNotification>,
    under_way: usize,
    closed: bool,
}

struct Open(Arc<Inner>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl NotificationQueue {
    pub(super) fn new(notifier: Notifier, capacity: usize, when_full: WhenFull) -> Self {
        let inner = Arc::new(Inner {
            capacity: capacity.max(1),
            when_full,
            line: Mutex::default(),
            pushed: Notify::new(),
            room: Notify::new(),
            idle: Notify::new(),
            sent: Counter::default(),
            failed: Counter::default(),
            dropped: Counter::default(),
            refused: Counter::default(),
            log: LogLimit::default(),
        });
        tokio::spawn(Sender(Arc::clone(&inner)).run(notifier.clone()));
        let open = Arc::new(Open(Arc::clone(&inner)));
        Self { notifier, inner, _open: open }
    }

    /// Puts a payload that knows its event type and priority into the queue; see [`push`](Self::push).
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn notify<P: Notification + ?Sized>(
        &self,
        context: &Context,
        payload: &P,
    ) -> Result<(), QueueFull> {
        let about = &P::DESCRIPTOR;
        self.push(about.priority, context, about.event_type, payload).await
    }

    /// Puts a notification into the queue. Waits only with [`WhenFull::Wait`]; dropping the future before it is ready sends
    /// nothing.
    ///
    /// # Errors
    /// When the queue is full and refuses, or closed, or the payload does not encode.
    pub async fn push<P: Serialize + ?Sized>(
        &self,
        priority: Priority,
        context: &Context,
        event_type: &str,
        payload: &P,
    ) -> Result<(), QueueFull> {
        let prepared = self.notifier.prepared(priority, context, event_type, payload);
        self.inner.push(prepared, event_type).await
    }

    /// Resolves when nothing waits and nothing is under way.
    pub async fn flush(&self) {
        self.inner.flush().await;
    }

    /// Takes nothing more and waits until what was accepted is sent, for at most `limit`; what then still waits is dropped
    /// and counted.
    pub async fn close(&self, limit: Duration) -> QueueStats {
        self.inner.close();
        if tokio::time::timeout(limit, self.inner.flush()).await.is_err() {
            let left = self.inner.abandon(false);
            tracing::error!(dropped = left, "the notification queue was closed before everything was sent");
        }
        self.stats()
    }

    /// What the queue has done so far.
    pub fn stats(&self) -> QueueStats {
        let inner = &self.inner;
        let line = inner.line();
        QueueStats {
            waiting: line.waiting.len(),
            under_way: line.under_way,
            sent: inner.sent.get(),
            failed: inner.failed.get(),
            dropped: inner.dropped.get(),
            refused: inner.refused.get(),
        }
    }
}

impl Inner {
    async fn push(
        &self,
        prepared: Result<PreparedNotification, NotifyError>,
        event_type: &str,
    ) -> Result<(), QueueFull> {
        let refuse = |cause| {
            self.refused.add();
            Err(QueueFull { event_type: event_type.to_owned(), cause })
        };
        let notification = match prepared {
            Ok(notification) => notification,
            Err(NotifyError::Payload { cause, .. }) => return refuse(QueueRefusal::Payload(cause)),
            Err(error) => return refuse(QueueRefusal::Payload(error.to_string())),
        };
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            {
                let mut line = self.line();
                if line.closed {
                    return refuse(QueueRefusal::Closed);
                }
                let mut oldest = None;
                if line.waiting.len() >= self.capacity {
                    match self.when_full {
                        WhenFull::Wait => {}
                        WhenFull::Fail => {
                            return refuse(QueueRefusal::Full { capacity: self.capacity });
                        }
                        WhenFull::DropOldest => oldest = line.waiting.pop_front(),
                    }
                }
                if line.waiting.len() < self.capacity {
                    line.waiting.push_back(notification);
                    drop(line);
                    self.pushed.notify_one();
                    oldest.iter().for_each(|oldest| self.dropped_for_newer(oldest));
                    return Ok(());
                }
                // Registered while the line is locked, so that no room is missed.
                room.as_mut().enable();
            }
            room.await;
        }
    }

    /// Not while the line is locked: the log may come back with a notification of its own.
    fn dropped_for_newer(&self, oldest: &PreparedNotification) {
        self.dropped.add();
        if let Some(unlogged) = self.log.pass() {
            let event_type = short(&oldest.event_type);
            tracing::warn!(
                event_type,
                unlogged,
                "a notification was dropped for a newer one: the queue is full"
            );
        }
    }

    /// Drops what waits, and counts it; what is under way too when nobody is left who sends it.
    fn abandon(&self, under_way: bool) -> usize {
        let mut line = self.line();
        let mut left = std::mem::take(&mut line.waiting).len();
        if under_way {
            left += std::mem::take(&mut line.under_way);
        }
        let idle = line.under_way == 0;
        drop(line);
        self.dropped.add_many(left as u64);
        if idle {
            self.idle.notify_waiters();
        }
        left
    }

    fn take(&self) -> Option<PreparedNotification> {
        let mut line = self.line();
        let notification = line.waiting.pop_front()?;
        line.under_way += 1;
        drop(line);
        self.room.notify_one();
        Some(notification)
    }

    fn ended(&self, end: &Result<(), NotifyError>) {
        match end {
            Ok(()) => self.sent.add(),
            Err(_) => self.failed.add(),
        }
        let mut line = self.line();
        line.under_way -= 1;
        let idle = line.under_way == 0 && line.waiting.is_empty();
        drop(line);
        if idle {
            self.idle.notify_waiters();
        }
    }

    async fn flush(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            {
                let line = self.line();
                if line.under_way == 0 && line.waiting.is_empty() {
                    return;
                }
                idle.as_mut().enable();
            }
            idle.await;
        }
    }

    fn close(&self) {
        self.line().closed = true;
        self.room.notify_waiters();
        self.pushed.notify_one();
    }

    fn is_over(&self) -> bool {
        let line = self.line();
        line.closed && line.waiting.is_empty()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that sends. However it ends, with its runtime for one, nobody is left waiting for it.
struct Sender(Arc<Inner>);

impl Sender {
    /// Sends what is pushed, until the queue is closed and empty.
    async fn run(self, notifier: Notifier) {
        let queue = &self.0;
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < UNDER_WAY
                && let Some(notification) = queue.take()
            {
                under_way.push(notifier.shared.deliver(notification));
            }
            if under_way.is_empty() && queue.is_over() {
                return;
            }
            tokio::select! {
                Some(end) = under_way.next() => queue.ended(&end),
                () = queue.pushed.notified() => {}
            }
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.close();
        let left = self.0.abandon(true);
        if left > 0 {
            tracing::error!(
                dropped = left,
                "the notification queue ended with its runtime before everything was sent"
            );
        }
    }
}

impl fmt::Debug for NotificationQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationQueue").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
