//! A Python process that sends notifications.

use super::process::Process;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// A running Python notifier. Dropping it kills it.
#[derive(Debug)]
pub struct PythonNotifier {
    process: Process,
    last_id: AtomicU64,
}

impl PythonNotifier {
    /// A notifier to these topics, by the driver `messagingv2`.
    pub async fn start(url: &str, topics: &[&str]) -> Self {
        Self::start_with(json!({"url": url, "topics": topics})).await
    }

    /// A notifier with a whole specification: `url`, `conf`, `driver`, `topics`, `publisher_id`.
    pub async fn start_with(specification: Value) -> Self {
        let process = Process::start("peer_notifier.py", &specification).await;
        Self { process, last_id: AtomicU64::new(0) }
    }

    /// Sends one notification.
    pub async fn notify(&self, priority: &str, event_type: &str, payload: Value) {
        self.request(json!({"priority": priority, "event_type": event_type, "payload": payload})).await;
    }

    /// Makes a request, any that `tests/python/peer_notifier.py` names, and waits for its end.
    ///
    /// # Panics
    /// When Python raised.
    pub async fn request(&self, mut request: Value) {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        request["id"] = json!(id);
        self.process.command(&request).await;
        let ended = |event: &Value| (event["event"] == "done" && event["id"] == id).then(|| event.clone());
        let done = self.process.event(&format!("the end of Python's {request}"), ended).await;
        assert!(done["raised"].is_null(), "Python raised {}", done["raised"]);
    }

    /// Ends it: connections closed, process gone.
    pub async fn stop(self) {
        self.process.finish().await;
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.process.log()
    }
}
