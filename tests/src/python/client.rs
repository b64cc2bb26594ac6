//! A Python process that calls and casts.

use super::process::{PATIENCE, Process};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A running Python RPC client; any number of requests at a time. Dropping it kills it.
#[derive(Debug)]
pub struct PythonClient {
    process: Process,
    last_id: AtomicU64,
}

/// A request about to be made by Python.
#[derive(Debug)]
#[must_use = "a request is made by `outcome`"]
pub struct PythonRequest<'a> {
    client: &'a PythonClient,
    request: Value,
}

/// What Python got.
#[derive(Debug, Clone)]
pub struct Done {
    /// The result; `Null` also when other JSON readers cannot take it.
    pub result: Value,
    /// `repr` of the result, at most 200 characters.
    pub shown: String,
    /// How long it took.
    pub elapsed: Duration,
}

/// The exception that Python raised.
#[derive(Debug, Clone)]
pub struct Raised {
    /// Its class.
    pub class: String,
    /// Module of its class.
    pub module: String,
    /// `str()` of it.
    pub text: String,
    /// `args` of it.
    pub args: Vec<Value>,
    /// Classes of its method resolution order, itself first.
    pub bases: Vec<String>,
    /// `exc_type` of a `RemoteError`.
    pub remote_class: Option<String>,
    /// `value` of a `RemoteError`: the message.
    pub remote_message: Option<String>,
    /// `kwargs`, where the exception has them.
    pub kwargs: Value,
    /// How long it took.
    pub elapsed: Duration,
}

impl PythonClient {
    /// A client of the servers at `url`.
    pub async fn start(url: &str) -> Self {
        Self::start_with(json!({"url": url})).await
    }

    /// A client with a whole specification: `url`, `conf`, `allowed_remote_exmods`.
    pub async fn start_with(specification: Value) -> Self {
        Self { process: Process::start("peer_client.py", &specification).await, last_id: AtomicU64::new(0) }
    }

    /// A call of `method` to `target` (`{"topic": ..., "server": ...}`).
    pub fn call(&self, target: Value, method: &str, args: Value) -> PythonRequest<'_> {
        self.request("call", target, method, args)
    }

    /// A cast of `method` to `target`.
    pub fn cast(&self, target: Value, method: &str, args: Value) -> PythonRequest<'_> {
        self.request("cast", target, method, args)
    }

    fn request(&self, op: &str, target: Value, method: &str, args: Value) -> PythonRequest<'_> {
        let request = json!({"op": op, "target": target, "method": method, "args": args});
        PythonRequest { client: self, request }
    }

    /// Ends it: connections closed, process gone.
    pub async fn stop(self) {
        self.process.finish().await;
    }
}

impl PythonRequest<'_> {
    /// Any key of the request that `tests/python/peer_client.py` names: `timeout`, `version_cap`, `odd`, `prepare`, ...
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.request[key] = value.into();
        self
    }

    /// Makes the request and waits for its end.
    ///
    /// # Errors
    /// What Python raised.
    pub async fn outcome(mut self) -> Result<Done, Box<Raised>> {
        let id = self.client.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        self.request["id"] = json!(id);
        self.client.process.command(&self.request).await;
        let what = format!("the end of Python's {} {}", self.request["op"], self.request["method"]);
        let ended = |event: &Value| (event["event"] == "done" && event["id"] == id).then(|| event.clone());
        // Python's own limit comes first.
        let own = Duration::from_secs(self.request["timeout"].as_u64().unwrap_or_default());
        let done = self.client.process.event_within(PATIENCE + own, &what, ended).await;
        let elapsed = Duration::from_secs_f64(done["elapsed"].as_f64().unwrap());
        if done["raised"].is_null() {
            let shown = text(&done["shown"]).unwrap_or_default();
            return Ok(Done { result: done["result"].clone(), shown, elapsed });
        }
        let raised = &done["raised"];
        Err(Box::new(Raised {
            class: text(&raised["class"]).unwrap_or_default(),
            module: text(&raised["module"]).unwrap_or_default(),
            text: text(&raised["text"]).unwrap_or_default(),
            args: raised["args"].as_array().cloned().unwrap_or_default(),
            bases: raised["bases"].as_array().into_iter().flatten().filter_map(text).collect(),
            remote_class: text(&raised["remote_class"]),
            remote_message: text(&raised["remote_value"]),
            kwargs: raised["kwargs"].clone(),
            elapsed,
        }))
    }

    /// The result.
    ///
    /// # Panics
    /// When Python raised.
    pub async fn result(self) -> Value {
        self.outcome().await.unwrap_or_else(|raised| panic!("Python raised {raised:#?}")).result
    }

    /// The exception.
    ///
    /// # Panics
    /// When Python raised none.
    pub async fn raised(self) -> Raised {
        match self.outcome().await {
            Err(raised) => *raised,
            Ok(done) => panic!("Python raised nothing, it got {done:?}"),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
