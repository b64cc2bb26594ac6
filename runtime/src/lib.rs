//! Typed RPC and notifications over a message broker, wire-compatible with OpenStack's oslo.messaging.

// The macros write `::oslo_messaging` paths; with this they work inside the crate too.
#[allow(unused_extern_crates)]
extern crate self as oslo_messaging;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "transport")]
mod connect;
pub mod context;
pub mod contract;
#[cfg(feature = "transport")]
pub mod drivers;
pub mod error;
// Its programs use every driver.
#[cfg(all(any(doc, doctest), feature = "memory"))]
pub mod guide;
pub mod id;
pub mod json;
mod log_limit;
pub mod notify;
#[cfg(feature = "transport")]
pub mod rpc;
#[cfg(feature = "transport")]
mod serving;
pub mod target;
pub mod testing;
#[cfg(feature = "transport")]
pub mod transport;
pub mod version;
pub mod wire;

#[cfg(feature = "config")]
pub use connect::FromConfigError;
#[cfg(feature = "transport")]
pub use connect::{ConnectError, ConnectOptions};
pub use context::Context;
pub use contract::{Call, Cast, contracts};
pub use error::{CallError, CastError, Ran, RemoteFailure};
#[cfg(feature = "transport")]
pub use notify::{Listener, Notifier};
#[cfg(feature = "transport")]
pub use rpc::{RpcClient, RpcServer};
pub use target::Target;
#[cfg(feature = "transport")]
pub use transport::Transport;
pub use version::Version;

pub use error::RpcError;
pub use notify::Notification;

mod macros;
pub use macros::*;

/// Directives for a `tracing` filter that silence lapin, which logs returned messages and frames whole, secrets included;
/// whatever matters of it this crate logs itself. Append them to your own:
/// `EnvFilter::new(format!("info,{}", oslo_messaging::log_filter()))`.
pub const fn log_filter() -> &'static str {
    "lapin=off"
}
