//! Typed RPC and notifications over RabbitMQ, wire-compatible with OpenStack's Python `oslo.messaging`.
//!
//! A trait marked [`#[endpoint]`](macro@endpoint) is a contract: services implement it, and a generated client calls it.
//!
//! ```
//! use oslo_messaging::{CallError, Context, RemoteFailure, RpcServer, Target, Transport, endpoint};
//! use std::time::Duration;
//!
//! #[endpoint(version = "1.0")]
//! trait Greeter {
//!     async fn greet(&self, ctx: &Context, name: &str) -> Result<String, RemoteFailure>;
//! }
//!
//! struct Hello;
//!
//! impl Greeter for Hello {
//!     async fn greet(&self, _ctx: &Context, name: &str) -> Result<String, RemoteFailure> {
//!         Ok(format!("Hello, {name}!"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The broker in the process; `rabbit://user:password@host:5672/` is RabbitMQ.
//! let transport = Transport::connect("memory://crate-page")?;
//! transport.ready(Duration::from_secs(10)).await?;
//! let target = Target::server("greetings", "server-1");
//! let server = RpcServer::builder(&transport, target).endpoint(GreeterEndpoint::new(Hello)).build()?;
//! server.start().await?;
//!
//! let greeter = GreeterClient::new(&transport, Target::topic("greetings"));
//! assert_eq!(greeter.greet(&Context::new(), "world").await?, "Hello, world!");
//!
//! let error = greeter.greet(&Context::new(), "anybody").topic("nowhere").await.unwrap_err();
//! assert!(matches!(error, CallError::Unroutable(_)));
//! assert_eq!(error.ran().to_string(), "no");
//! # Ok(()) }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | contracts | [`endpoint`](macro@endpoint), [`call`](macro@call), [`cast`](macro@cast), [`RpcError`](derive@RpcError), [`register`](macro@register) |
//! | RPC | [`RpcServer`], [`RpcClient`] (without a contract), [`CallError`], [`CastError`], [`Context`], [`Target`], [`Version`] |
//! | notifications | [`Notifier`], [`Listener`], [`listener`](macro@listener), [`Notification`](derive@Notification) |
//! | connections | [`Transport`], [`ConnectOptions`], [`config`], [`log_filter`] |
//! | tests | [`testing`], [`drivers::memory`] |
//!
//! The guide: [contracts](guide::contracts), [serving](guide::serving), [calling](guide::calling), [errors](guide::errors),
//! [connecting, configuration and logs](guide::connecting), [versions and rolling upgrades](guide::versions),
//! [talking to Python](guide::python), [notifications](guide::notifications), [testing your service](guide::testing),
//! [performance](guide::performance).
//!
//! # Features
//!
//! All are on by default. A crate that only holds contracts turns them off and has no tokio and no AMQP among its
//! dependencies; its clients still work in the same process.
//!
//! | feature | what it adds |
//! |---|---|
//! | `rabbit` | RabbitMQ over AMQP 0-9-1 |
//! | `memory` | the broker in the process |
//! | `config` | oslo.config files; turns on `rabbit`, whose options they hold |
//! | `transport` | what every driver needs; turned on by the others |

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
