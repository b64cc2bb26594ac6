//! The methods of `tests/python/peer_server.py` as contracts.

use oslo_messaging::error::RemoteFailure;
use oslo_messaging::json::RawJson;
use oslo_messaging::{Context, RpcError, endpoint};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the methods can fail with.
#[derive(Debug, Clone, PartialEq, thiserror::Error, RpcError)]
#[rpc_error(module = "builtins")]
pub enum FunctionalError {
    /// Python's `ValueError("bad value", 42)`.
    #[error("('{0}', {1})")]
    ValueError(String, i64),
    /// Python's `KeyError("missing")`.
    #[error("'{0}'")]
    KeyError(String),
    /// A class of `tests/python/peer_errors.py`.
    #[error("{0}")]
    #[rpc_error(module = "peer_errors")]
    CustomError(String, i64),
    /// A class of `tests/python/peer_errors.py` that carries `kwargs`.
    #[error("{instance_id} at {host}")]
    #[rpc_error(module = "peer_errors")]
    KeywordError {
        /// An instance.
        instance_id: String,
        /// A host.
        host: String,
    },
    /// Everything else.
    #[error("{0}")]
    #[rpc_error(other)]
    Other(RemoteFailure),
}

/// What a server holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Changed by `add` and `subtract`.
    pub ival: i64,
    /// Changed by `append`.
    pub sval: String,
}

/// The endpoints of oslo.messaging's functional tests, and ways to fail.
#[endpoint(version = "1.0")]
pub trait Functional {
    /// Adds; gives the sum.
    async fn add(&self, ctx: &Context, increment: i64) -> Result<i64, FunctionalError>;
    /// Subtracts; a server that holds 0 refuses.
    async fn subtract(&self, ctx: &Context, increment: i64) -> Result<i64, FunctionalError>;
    /// Appends; gives the text.
    async fn append(&self, ctx: &Context, text: &str) -> Result<String, FunctionalError>;
    /// Takes as long as it is told.
    async fn long_running_task(&self, ctx: &Context, seconds: f64) -> Result<(), FunctionalError>;
    /// Takes as long as it is told.
    async fn delay(&self, ctx: &Context, #[arg(default = 4.0)] seconds: f64) -> Result<f64, FunctionalError>;
    /// Waits until the test opens the gate.
    async fn wait_at(&self, ctx: &Context, gate: &str) -> Result<String, FunctionalError>;
    /// Gives its argument back.
    async fn test(&self, ctx: &Context, echo: Value) -> Result<Value, FunctionalError>;
    /// Gives its argument back as it came, byte for byte.
    async fn echo(&self, ctx: &Context, #[arg(default)] x: RawJson) -> Result<RawJson, FunctionalError>;
    /// Gives a value of `tests/python/odd_values.py`.
    async fn odd(&self, ctx: &Context, name: &str) -> Result<RawJson, FunctionalError>;
    /// Python's `repr` of its argument.
    async fn describe(&self, ctx: &Context, x: RawJson) -> Result<String, FunctionalError>;
    /// How many characters.
    async fn length(&self, ctx: &Context, x: &str) -> Result<usize, FunctionalError>;
    /// Which server answers.
    async fn whoami(&self, ctx: &Context) -> Result<String, FunctionalError>;
    /// The context as it arrived.
    async fn get_context(&self, ctx: &Context) -> Result<Value, FunctionalError>;
    /// What the server holds.
    async fn get_state(&self, ctx: &Context) -> Result<State, FunctionalError>;
    /// Nothing.
    async fn none(&self, ctx: &Context) -> Result<(), FunctionalError>;
    /// Fails with `ValueError`.
    async fn boom_builtin(&self, ctx: &Context) -> Result<(), FunctionalError>;
    /// Fails with a class that Python can import.
    async fn raise_custom(&self, ctx: &Context) -> Result<(), FunctionalError>;
    /// Fails with a class that carries keyword arguments.
    async fn raise_with_keywords(&self, ctx: &Context) -> Result<(), FunctionalError>;
    /// Fails with `KeyError`, which its author expects.
    async fn raise_expected(&self, ctx: &Context) -> Result<(), FunctionalError>;
    /// Python: adds a number to a text. Rust: panics.
    async fn raise_own_type_error(&self, ctx: &Context) -> Result<(), FunctionalError>;
}

/// Version 7.5 of a namespace.
#[endpoint(namespace = "Name1", version = "7.5")]
pub trait Name1 {
    /// Gives its argument back.
    #[call(since = "7.5")]
    async fn test(&self, ctx: &Context, echo: &str) -> Result<String, FunctionalError>;
}

/// Version 2.3 of a namespace that is also served in version 3.
#[endpoint(namespace = "ns1", version = "2.3")]
pub trait Ns1V2 {
    /// Says which endpoint answers.
    async fn nsecho(&self, ctx: &Context, x: Option<i64>) -> Result<Value, FunctionalError>;
}

/// Version 3.1 of the same namespace.
#[endpoint(namespace = "ns1", version = "3.1")]
pub trait Ns1V3 {
    /// Says which endpoint answers.
    async fn nsecho(&self, ctx: &Context, x: Option<i64>) -> Result<Value, FunctionalError>;
}

/// An interface that has moved to a new namespace.
#[endpoint(namespace = "new", legacy_namespaces = ["old", none], version = "1.5")]
pub trait Legacy {
    /// Says that it was reached.
    async fn legacy(&self, ctx: &Context) -> Result<String, FunctionalError>;
}
