//! The connection against a broker that a test plays frame by frame: what no real broker can be made to do on demand.

mod answers;
mod channels;
mod closing;
mod codec;
mod consumers;
mod content;
mod handshake;
mod lending;
pub(in crate::drivers::rabbit) mod peer;
mod publishing;
mod shortcut;
mod turns;

use std::future::Future;
use std::time::Duration;

/// What `future` gives; a stop when nothing comes of it. Virtual time: only a real standstill lasts that long.
pub(in crate::drivers::rabbit) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(60), future).await;
    waited.unwrap_or_else(|_| panic!("{what} does not come"))
}
