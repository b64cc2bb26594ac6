//! Remote procedure calls on any broker: the caller under all clients, and the server.
//!
//! Stands above the driver seam: correlation of replies, deadlines, call monitoring, slots, answers and the stop are here,
//! once for all brokers. Knows no broker's crate.

mod begun;
mod caller;
mod client;
mod correlation;
mod exchange;
mod in_flight;
mod monitor;
mod outgoing;
mod refusals;
mod replies;
mod rust_peers;
mod server;
mod shown;
mod wait;

pub use client::RpcClient;
pub use server::{BuildError, RpcServer, RpcServerBuilder, ServerHandle, ServerStats, StartError, Stopped};
