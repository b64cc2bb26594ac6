//! The contracts, implemented.

use super::contract::{Functional, FunctionalError, Legacy, Name1, Ns1V2, Ns1V3, State};
use crate::journal::Journal;
use oslo_messaging::Context;
use oslo_messaging::json::RawJson;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// A request that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// Which server.
    pub server: String,
    /// Which method.
    pub method: String,
    /// The argument that tells one request from another, where the method has one.
    pub note: String,
    /// The context as it arrived.
    pub context: Value,
}

/// Names of the gates at which handlers need not wait any more.
#[derive(Debug, Clone)]
pub struct Gates(watch::Sender<HashSet<String>>);

impl Default for Gates {
    fn default() -> Self {
        Self::new()
    }
}

impl Gates {
    /// All closed.
    pub fn new() -> Self {
        Self(watch::Sender::new(HashSet::new()))
    }

    /// Lets handlers that wait at `gate` go on, now and later.
    pub fn open(&self, gate: &str) {
        self.0.send_modify(|open| _ = open.insert(gate.to_owned()));
    }

    /// Waits until `gate` is open.
    pub async fn pass(&self, gate: &str) {
        let _ = self.0.subscribe().wait_for(|open| open.contains(gate)).await;
    }
}

/// One server's endpoint. Clones share what it holds.
#[derive(Debug, Clone)]
pub struct Service {
    pub(super) server: String,
    pub(super) state: Arc<Mutex<State>>,
    pub(super) journal: Journal<Ran>,
    pub(super) gates: Gates,
}

impl Service {
    pub(super) fn new(server: &str, journal: Journal<Ran>) -> Self {
        Self { server: server.to_owned(), state: Arc::default(), journal, gates: Gates::new() }
    }

    fn ran(&self, ctx: &Context) {
        self.ran_with(ctx, "");
    }

    fn ran_with(&self, ctx: &Context, note: &str) {
        let (server, method, note) = (self.server.clone(), ctx.method().to_owned(), note.to_owned());
        self.journal.push(Ran { server, method, note, context: entries(ctx) });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no handler panics while it holds the state")
    }
}

/// The context's entries; what is no plain JSON is null.
pub(super) fn entries(ctx: &Context) -> Value {
    let entries = ctx.entries().map(|(key, value)| (key.to_owned(), value.decode().unwrap_or(Value::Null)));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// The values of `tests/python/odd_values.py` as Python writes them.
pub fn odd(name: &str) -> &'static str {
    match name {
        "nan" => "NaN",
        "infinity" => "Infinity",
        "minus_infinity" => "-Infinity",
        "big_integer" => "1180591620717411303424",
        "lone_surrogate" => r#""\ud800""#,
        "number_keys" => r#"{"1": "c", "null": "b", "1.5": "d"}"#,
        "small_float" => "1e-07",
        "big_float" => "1e+22",
        "text" => r#""h\u00e9\u4e2d\ud83d\ude00 \u0000\u001f\u007f\u2028/""#,
        "deep" => r#"{"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}"#,
        _ => "",
    }
}

async fn pause(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

impl Functional for Service {
    async fn add(&self, ctx: &Context, increment: i64) -> Result<i64, FunctionalError> {
        // The state first: whoever has waited for the record sees it changed. So in `append`.
        let mut state = self.state();
        state.ival += increment;
        self.ran(ctx);
        Ok(state.ival)
    }

    async fn subtract(&self, ctx: &Context, increment: i64) -> Result<i64, FunctionalError> {
        self.ran(ctx);
        let mut state = self.state();
        if state.ival == 0 {
            return Err(FunctionalError::ValueError("ival can't go negative!".to_owned(), 0));
        }
        state.ival -= increment;
        Ok(state.ival)
    }

    async fn append(&self, ctx: &Context, text: &str) -> Result<String, FunctionalError> {
        let mut state = self.state();
        state.sval.push_str(text);
        self.ran_with(ctx, text);
        Ok(state.sval.clone())
    }

    async fn long_running_task(&self, ctx: &Context, seconds: f64) -> Result<(), FunctionalError> {
        self.ran(ctx);
        pause(seconds).await;
        Ok(())
    }

    async fn delay(&self, ctx: &Context, seconds: f64) -> Result<f64, FunctionalError> {
        self.ran(ctx);
        pause(seconds).await;
        Ok(seconds)
    }

    async fn wait_at(&self, ctx: &Context, gate: &str) -> Result<String, FunctionalError> {
        self.ran_with(ctx, gate);
        self.gates.pass(gate).await;
        Ok(gate.to_owned())
    }

    async fn test(&self, ctx: &Context, echo: Value) -> Result<Value, FunctionalError> {
        self.ran(ctx);
        Ok(echo)
    }

    async fn echo(&self, ctx: &Context, x: RawJson) -> Result<RawJson, FunctionalError> {
        self.ran_with(ctx, &x.decode::<String>().unwrap_or_else(|_| x.to_string()));
        Ok(x)
    }

    async fn odd(&self, ctx: &Context, name: &str) -> Result<RawJson, FunctionalError> {
        self.ran(ctx);
        odd(name).parse().map_err(|_| FunctionalError::KeyError(name.to_owned()))
    }

    async fn describe(&self, ctx: &Context, x: RawJson) -> Result<String, FunctionalError> {
        self.ran(ctx);
        Ok(x.to_string())
    }

    async fn length(&self, ctx: &Context, x: &str) -> Result<usize, FunctionalError> {
        self.ran(ctx);
        Ok(x.chars().count())
    }

    async fn whoami(&self, ctx: &Context) -> Result<String, FunctionalError> {
        self.ran(ctx);
        Ok(self.server.clone())
    }

    async fn get_context(&self, ctx: &Context) -> Result<Value, FunctionalError> {
        self.ran(ctx);
        Ok(entries(ctx))
    }

    async fn get_state(&self, _: &Context) -> Result<State, FunctionalError> {
        Ok(self.state().clone())
    }

    async fn none(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        Ok(())
    }

    async fn boom_builtin(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        Err(FunctionalError::ValueError("bad value".to_owned(), 42))
    }

    async fn raise_custom(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        Err(FunctionalError::CustomError("custom went wrong".to_owned(), 13))
    }

    async fn raise_with_keywords(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        Err(FunctionalError::KeywordError { instance_id: "i-1".to_owned(), host: "h1".to_owned() })
    }

    async fn raise_expected(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        Err(FunctionalError::KeyError("missing".to_owned()))
    }

    async fn raise_own_type_error(&self, ctx: &Context) -> Result<(), FunctionalError> {
        self.ran(ctx);
        panic!("a handler of the tests panics with a secret")
    }
}

impl Name1 for Service {
    async fn test(&self, ctx: &Context, echo: &str) -> Result<String, FunctionalError> {
        self.ran(ctx);
        Ok(echo.to_owned())
    }
}

impl Ns1V2 for Service {
    async fn nsecho(&self, ctx: &Context, x: Option<i64>) -> Result<Value, FunctionalError> {
        self.ran(ctx);
        Ok(json!(["ns1-2.3", x]))
    }
}

impl Ns1V3 for Service {
    async fn nsecho(&self, ctx: &Context, x: Option<i64>) -> Result<Value, FunctionalError> {
        self.ran(ctx);
        Ok(json!(["ns1-3.1", x]))
    }
}

impl Legacy for Service {
    async fn legacy(&self, ctx: &Context) -> Result<String, FunctionalError> {
        self.ran(ctx);
        Ok("legacy ok".to_owned())
    }
}
