//! The Rust side of the tests with Python: the same methods as `tests/python/peer_server.py`, as contracts, a server
//! of them that writes down what it runs, and a listener that writes down what it handles.

mod contract;
mod listener;
mod server;
mod service;

pub use contract::{Functional, FunctionalClient, FunctionalEndpoint, FunctionalError, State};
pub use contract::{Legacy, LegacyClient, Name1, Name1Client, Ns1V2, Ns1V2Client, Ns1V3, Ns1V3Client};
pub use listener::{Noted, RustListener, RustListenerBuilder};
pub use server::{RustServer, RustServerBuilder};
pub use service::{Gates, Ran, Service, odd};

use oslo_messaging::Transport;

/// A transport to `url`.
pub fn connect(url: &str) -> Transport {
    Transport::connect(url).unwrap_or_else(|e| panic!("{e}"))
}
