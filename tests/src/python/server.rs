//! A Python process with one or more RPC servers; its methods are those of `tests/python/peer_server.py`.

use super::process::{PATIENCE, Process};
use crate::journal::Journal;
use serde_json::{Value, json};

/// What a Python server process is started with.
#[derive(Debug, Clone)]
pub struct PythonServerBuilder {
    specification: Value,
}

/// A running process of Python RPC servers. Dropping it kills it.
#[derive(Debug)]
pub struct PythonServer {
    process: Process,
}

impl PythonServer {
    /// One server called `server1` on `topic`, unless said otherwise.
    pub fn builder(url: &str, topic: &str) -> PythonServerBuilder {
        let specification = json!({"url": url, "topic": topic, "servers": ["server1"], "conf": {}});
        PythonServerBuilder { specification }
    }

    /// The server of oslo.messaging's own documentation, which ends by itself when its `stop` is called. It takes no commands.
    pub async fn of_the_documentation(url: &str, topic: &str) -> Self {
        let specification = json!({"url": url, "topic": topic});
        Self { process: Process::start("documentation_server.py", &specification).await }
    }

    /// Waits until it has stopped by itself.
    pub async fn stopped(&self) {
        self.process.event("its stop", |event| (event["event"] == "stopped").then_some(())).await;
    }

    /// The requests whose methods ran so far, in order: `server`, `method`, `args`, `context`. Whatever has been answered
    /// is among them.
    pub async fn requests(&self) -> Vec<Value> {
        self.process.matching(|event| event["event"] == "request").await
    }

    /// Everything that it tells, as it comes, also when it is gone: then `ended` is the last event.
    pub fn events(&self) -> Journal<Value> {
        self.process.events().clone()
    }

    /// The same of `method` alone.
    pub async fn requests_of(&self, method: &str) -> Vec<Value> {
        self.process.matching(|event| event["event"] == "request" && event["method"] == method).await
    }

    /// The first `count` requests of `method`, as soon as they run.
    pub async fn wait_for(&self, count: usize, method: &str) -> Vec<Value> {
        let wanted = |event: &Value| event["event"] == "request" && event["method"] == method;
        let what = format!("{count} x {method} at the Python server");
        self.process.events().first(count, PATIENCE, &what, wanted).await
    }

    /// What each server's endpoint holds: name -> `{"ival": number, "sval": text}`.
    pub async fn state(&self) -> Value {
        let mark = self.process.events().matching(|event| event["event"] == "state").len();
        self.process.command(&json!({"op": "state"})).await;
        let states =
            self.process.events().first(mark + 1, PATIENCE, "state", |event| event["event"] == "state").await;
        states[mark]["servers"].clone()
    }

    /// Lets handlers that wait at `gate` go on, now and later.
    pub async fn open(&self, gate: &str) {
        self.process.command(&json!({"op": "open", "gate": gate})).await;
    }

    /// Stops the servers, waits for running methods, closes the connections.
    pub async fn stop(self) {
        self.process.finish().await;
    }

    /// Ends the process with SIGKILL.
    pub async fn kill(self) {
        self.process.kill().await;
    }
}

impl PythonServerBuilder {
    /// Names of the servers; each has a transport of its own.
    #[must_use]
    pub fn servers(mut self, names: &[&str]) -> Self {
        self.specification["servers"] = json!(names);
        self
    }

    /// Exchange of the servers' target.
    #[must_use]
    pub fn exchange(mut self, exchange: &str) -> Self {
        self.specification["exchange"] = json!(exchange);
        self
    }

    /// An option of oslo.config: `rpc_ping_enabled`, `oslo_messaging_rabbit.kombu_compression`.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.specification["conf"][name] = value.into();
        self
    }

    /// Starts it; returns when every server listens.
    pub async fn start(self) -> PythonServer {
        PythonServer { process: Process::start("peer_server.py", &self.specification).await }
    }
}
