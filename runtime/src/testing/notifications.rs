//! The driver `test`: keeps what a notifier sends, for tests of code that sends notifications.

use crate::json::RawJson;
use crate::notify::{DriverFailure, NotifyDriver, PreparedNotification};
use crate::transport::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;

/// A notification that a [`TestDriver`] was given: exactly what every other driver would have got.
pub type SentNotification = PreparedNotification;

/// A notification driver that keeps what it is given. Clones share what was sent.
///
/// The assertions panic with what was sent instead; they are for tests only.
///
/// Corresponds to oslo.messaging's driver `test` with its global list `NOTIFICATIONS`; [`shared`](Self::shared) is such
/// a one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use oslo_messaging::{Context, notify::Notifier, testing::TestDriver};
/// use serde_json::json;
///
/// let driver = TestDriver::new();
/// let notifier = Notifier::without_transport().driver(driver.clone()).publisher_id("compute.host-1").build()?;
///
/// notifier.info(&Context::new(), "instance.created", &json!({"id": 7})).await?;
/// driver.assert_sent_with("instance.created", &json!({"id": 7}));
///
/// driver.fail_next("the disk is full");
/// assert!(notifier.info(&Context::new(), "instance.deleted", &json!({"id": 7})).await.is_err());
/// assert_eq!(driver.sent().len(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct TestDriver {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    sent: Vec<SentNotification>,
    /// How many of them `next` has given.
    given: usize,
    failures: VecDeque<String>,
}

impl TestDriver {
    /// A driver that was given nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The one of this process, which a notifier from a configuration with `driver = test` uses. It keeps all that is sent
    /// until somebody [clears](Self::clear) it.
    pub fn shared() -> Self {
        static SHARED: OnceLock<TestDriver> = OnceLock::new();
        SHARED.get_or_init(Self::new).clone()
    }

    /// What was sent so far, in order.
    pub fn sent(&self) -> Vec<SentNotification> {
        self.lock().sent.clone()
    }

    /// What was sent so far with this event type, in order.
    pub fn sent_as(&self, event_type: &str) -> Vec<SentNotification> {
        self.lock().sent.iter().filter(|sent| sent.event_type == event_type).cloned().collect()
    }

    /// Forgets what was sent, and the failures that are still to come.
    pub fn clear(&self) {
        *self.lock() = State::default();
    }

    /// Lets the next notification fail with this reason; it is not kept. Called again, the one after it fails too.
    pub fn fail_next(&self, reason: impl Into<String>) {
        self.lock().failures.push_back(reason.into());
    }

    /// The next notification that this method, on any clone, has not given yet; waits for it as long as it takes. Dropping
    /// the future loses none.
    pub async fn next(&self) -> SentNotification {
        loop {
            // Before looking, so that what arrives in between wakes it.
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            {
                let mut state = self.lock();
                if let Some(next) = state.sent.get(state.given).cloned() {
                    state.given += 1;
                    return next;
                }
            }
            arrived.await;
        }
    }

    /// Asserts that a notification with this event type was sent, and gives the first.
    ///
    /// # Panics
    /// When none was; with those that were.
    #[track_caller]
    #[allow(clippy::panic)] // An assertion of tests.
    pub fn assert_sent(&self, event_type: &str) -> SentNotification {
        let state = self.lock();
        match state.sent.iter().find(|sent| sent.event_type == event_type) {
            Some(sent) => sent.clone(),
            None => {
                let list = list(&state.sent);
                drop(state);
                panic!("no notification `{event_type}` was sent; {list}")
            }
        }
    }

    /// Asserts that a notification with this event type and this payload was sent, and gives the first. Payloads are
    /// compared as JSON values.
    ///
    /// # Panics
    /// When none was; with the payloads of those with the event type, or with those that were sent.
    #[track_caller]
    #[allow(clippy::panic)] // An assertion of tests.
    pub fn assert_sent_with<P: Serialize + ?Sized>(&self, event_type: &str, payload: &P) -> SentNotification {
        let wanted = match RawJson::encode(payload) {
            Ok(wanted) => wanted,
            Err(error) => panic!("the payload to look for does not encode: {error}"),
        };
        let (found, others): (Vec<_>, Vec<_>) =
            self.sent_as(event_type).into_iter().partition(|sent| same(&sent.payload, &wanted));
        if let Some(sent) = found.into_iter().next() {
            return sent;
        }
        if others.is_empty() {
            panic!("no notification `{event_type}` was sent; {}", list(&self.sent()));
        }
        let payloads: String = others.iter().map(|sent| format!("\n  {}", sent.payload)).collect();
        panic!("no notification `{event_type}` was sent with\n  {wanted}\nbut with{payloads}");
    }

    /// Asserts that nothing was sent.
    ///
    /// # Panics
    /// When something was, with it.
    #[track_caller]
    #[allow(clippy::panic)] // An assertion of tests.
    pub fn assert_none_sent(&self) {
        let sent = self.sent();
        if !sent.is_empty() {
            panic!("no notification was to be sent; {}", list(&sent));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide its reason behind a poisoned lock.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NotifyDriver for TestDriver {
    fn name(&self) -> &str {
        "test"
    }

    /// Done when it returns.
    fn send<'a>(
        &'a self,
        notification: &'a PreparedNotification,
    ) -> BoxFuture<'a, Result<(), DriverFailure>> {
        let mut state = self.lock();
        let end = match state.failures.pop_front() {
            Some(reason) => Err(DriverFailure::Other(reason)),
            None => {
                state.sent.push(notification.clone());
                self.shared.arrived.notify_waiters();
                Ok(())
            }
        };
        Box::pin(std::future::ready(end))
    }
}

/// Says how much there is; payloads may be secrets, [`TestDriver::sent`] gives them.
impl fmt::Debug for TestDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestDriver").field("sent", &self.lock().sent.len()).finish_non_exhaustive()
    }
}

/// What stands in odd JSON is compared as text.
fn same(a: &RawJson, b: &RawJson) -> bool {
    a == b || matches!((a.decode::<Value>(), b.decode::<Value>()), (Ok(a), Ok(b)) if a == b)
}

fn list(sent: &[SentNotification]) -> String {
    if sent.is_empty() {
        return "nothing was sent".to_owned();
    }
    let lines: String = sent
        .iter()
        .map(|sent| format!("\n  {} `{}` {}", sent.priority, sent.event_type, sent.payload))
        .collect();
    format!("{} sent:{lines}", if sent.len() == 1 { "this was" } else { "these were" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use crate::notify::Notifier;
    use serde_json::json;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn notifier(driver: &TestDriver) -> Notifier {
        Notifier::without_transport().driver(driver.clone()).build().unwrap()
    }

    fn words(assertion: impl FnOnce()) -> String {
        let panic = catch_unwind(AssertUnwindSafe(assertion)).expect_err("the assertion holds");
        panic.downcast_ref::<String>().expect("it says why").clone()
    }

    #[tokio::test]
    async fn assertions_say_what_was_sent_instead() {
        let driver = TestDriver::new();
        driver.assert_none_sent();
        assert_eq!(words(|| drop(driver.assert_sent("a"))), "no notification `a` was sent; nothing was sent");
        let notifier = notifier(&driver);
        notifier.info(&Context::new(), "a", &json!({"x": 1})).await.unwrap();
        notifier.warn(&Context::new(), "b", &json!([1.50])).await.unwrap();
        assert_eq!(driver.assert_sent("a").payload.as_str(), r#"{"x":1}"#);
        driver.assert_sent_with("b", &[1.5]);
        let all = "these were sent:\n  info `a` {\"x\":1}\n  warn `b` [1.5]";
        assert_eq!(words(|| drop(driver.assert_sent("c"))), format!("no notification `c` was sent; {all}"));
        assert_eq!(
            words(|| drop(driver.assert_sent_with("a", &json!({"x": 2})))),
            "no notification `a` was sent with\n  {\"x\":2}\nbut with\n  {\"x\":1}"
        );
        assert_eq!(words(|| driver.assert_none_sent()), format!("no notification was to be sent; {all}"));
        driver.clear();
        driver.assert_none_sent();
    }

    #[tokio::test]
    async fn next_waits_and_gives_each_notification_once() {
        let driver = TestDriver::new();
        let notifier = notifier(&driver);
        let waiting = tokio::spawn({
            let driver = driver.clone();
            async move { [driver.next().await.event_type, driver.next().await.event_type] }
        });
        tokio::task::yield_now().await;
        notifier.info(&Context::new(), "a", &1).await.unwrap();
        tokio::task::yield_now().await;
        notifier.info(&Context::new(), "b", &1).await.unwrap();
        assert_eq!(waiting.await.unwrap(), ["a", "b"]);
        assert_eq!(driver.sent().len(), 2, "what was given is kept");
    }

    #[tokio::test]
    async fn failures_come_in_their_order_and_keep_nothing() {
        let driver = TestDriver::new();
        let notifier = notifier(&driver);
        driver.fail_next("first");
        driver.fail_next("second");
        for reason in ["first", "second"] {
            let error = notifier.error(&Context::new(), "e", &1).await.unwrap_err().to_string();
            assert!(error.ends_with(&format!("driver `test`: {reason}")), "{error}");
        }
        driver.assert_none_sent();
        notifier.error(&Context::new(), "e", &1).await.unwrap();
        assert_eq!(driver.sent_as("e").len(), 1);
    }
}
