//! Typed RPC over a message broker, wire-compatible with OpenStack's oslo.messaging.

extern crate self as oslo_messaging;

pub mod context;
pub mod contract;
#[cfg(feature = "transport")]
pub mod drivers;
pub mod error;
pub mod id;
pub mod json;
pub mod target;
#[cfg(feature = "transport")]
pub mod transport;
pub mod version;
pub mod wire;
