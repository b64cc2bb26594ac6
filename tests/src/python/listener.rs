//! A Python process with one or more notification listeners.

use super::process::{PATIENCE, Process};
use serde_json::{Value, json};

/// What a Python listener process is started with.
#[derive(Debug, Clone)]
pub struct PythonListenerBuilder {
    specification: Value,
}

/// A running process of Python notification listeners. Dropping it kills it.
#[derive(Debug)]
pub struct PythonListener {
    process: Process,
}

impl PythonListener {
    /// One listener to these topics of the default exchange, for every priority, unless said otherwise.
    pub fn builder(url: &str, topics: &[&str]) -> PythonListenerBuilder {
        let targets: Vec<Value> = topics.iter().map(|topic| json!({"topic": topic})).collect();
        PythonListenerBuilder { specification: json!({"url": url, "conf": {}, "targets": targets}) }
    }

    /// Listeners with a whole specification, as `tests/python/peer_listener.py` takes it.
    pub async fn start_with(specification: Value) -> Self {
        PythonListenerBuilder { specification }.start().await
    }

    /// The notifications handled so far, in order: `listener`, `priority`, `context`, `publisher_id`, `event_type`,
    /// `payload`, `shown`, `metadata`.
    pub async fn notifications(&self) -> Vec<Value> {
        self.process.matching(|event| event["event"] == "notification").await
    }

    /// The first `count` notifications, as soon as they are handled.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        let what = format!("{count} notifications at the Python listener");
        self.process
            .events()
            .first(count, PATIENCE, &what, |event: &Value| event["event"] == "notification")
            .await
    }

    /// The first `count` batches, as soon as they are handled: `listener`, `priority`, `messages`.
    pub async fn wait_for_batches(&self, count: usize) -> Vec<Value> {
        let what = format!("{count} batches at the Python listener");
        self.process.events().first(count, PATIENCE, &what, |event: &Value| event["event"] == "batch").await
    }

    /// Stops the listeners and closes the connections.
    pub async fn stop(self) {
        self.process.finish().await;
    }

    /// Ends the process with SIGKILL.
    pub async fn kill(self) {
        self.process.kill().await;
    }

    /// What it has logged so far.
    pub fn log(&self) -> Vec<String> {
        self.process.log()
    }
}

impl PythonListenerBuilder {
    /// Any key of the specification that `tests/python/peer_listener.py` names: `pool`, `priorities`, `batch`, ...
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.specification[key] = value.into();
        self
    }

    /// An option of oslo.config.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.specification["conf"][name] = value.into();
        self
    }

    /// Starts it; returns when every listener listens.
    pub async fn start(self) -> PythonListener {
        PythonListener { process: Process::start("peer_listener.py", &self.specification).await }
    }
}
