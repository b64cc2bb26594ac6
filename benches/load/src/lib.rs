//! The load that all peers of the benchmark are under, and what their processes say: the same for this library, bare lapin
//! and the frameworks of `benches/peers`. Knows no peer.
#![allow(clippy::print_stdout, reason = "events are lines on stdout")]

mod error;
mod events;
mod histogram;
mod load;
mod plan;
mod stop;

pub use error::{Error, Result};
pub use events::{ClientResult, Event, Probes, tell};
pub use load::{Client, Failure, Queue, TAIL, drive};
pub use plan::{FANOUT_SERVERS, LoadOptions, Plan, What};
pub use stop::{signalled, stdin_closed};
