//! Typed RPC over a message broker, wire-compatible with OpenStack's oslo.messaging.

// The macros write `::oslo_messaging` paths; with this they work inside the crate too.
#[allow(unused_extern_crates)]
extern crate self as oslo_messaging;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "config")]
pub mod config;
pub mod context;
pub mod contract;
#[cfg(feature = "transport")]
pub mod drivers;
pub mod error;
pub mod id;
pub mod json;
#[cfg(feature = "transport")]
pub mod rpc;
pub mod target;
#[cfg(feature = "transport")]
pub mod testing;
#[cfg(feature = "transport")]
pub mod transport;
pub mod version;
pub mod wire;

pub use context::Context;
pub use contract::contracts;

pub use error::RpcError;

mod macros;
pub use macros::*;
