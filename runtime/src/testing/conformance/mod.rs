//! The conformance suite of the driver seam, for authors of drivers.
//!
//! A driver that passes it behaves as the rest of the library expects. Each [script](SCRIPTS) plays one behaviour with
//! two or three peers on one broker, writes what happens as a [`History`], and compares that with the history it must
//! have; no second driver is needed. Histories of two drivers can be compared all the same.
//!
//! Scripts use names of their own and are played at the same time on one broker. They wait for events, with a
//! [limit](Suite::limit) after which the script fails and says what it waited for. What a driver does not claim in its
//! [`Capabilities`](crate::transport::Capabilities) is not asked of it.
//!
//! Scripts about lost connections are played if the suite can [cut](Suite::with_cut) them.
//!
//! A test of a driver needs nothing but a function that connects:
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
//! use oslo_messaging::testing::conformance::{self, Suite};
//! use oslo_messaging::transport::{BoxFuture, Driver};
//! use std::sync::Arc;
//!
//! // Each call gives a driver with connections of its own, all to the same broker.
//! let broker = MemoryBroker::new();
//! let connect = move || -> BoxFuture<'static, Arc<dyn Driver>> {
//!     let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new(broker.clone()));
//!     Box::pin(async move { driver })
//! };
//!
//! // One script, to work on it ...
//! let suite = Suite::new(connect);
//! let history = conformance::requeue_to_oneself(&suite).await.unwrap();
//! assert_eq!(history.lines()[1], "a gets 1 again");
//!
//! // ... or all of them.
//! let report = suite.run().await;
//! assert!(report.passed(), "{report}");
//! # });
//! ```

mod history;
mod letter;
mod listener;
mod peer;
mod run;
mod scripts;
mod stage;
mod suite;

pub use history::{Failure, History, Outcome, Report};
pub use scripts::*;
pub use suite::{Cut, Script, Suite};

use crate::transport::{BoxFuture, Driver};
use std::sync::Arc;

/// Plays every script with drivers from `connect`; see [`Suite`] for prefix and limit.
pub async fn run(
    connect: impl Fn() -> BoxFuture<'static, Arc<dyn Driver>> + Send + Sync + 'static,
) -> Report {
    Suite::new(connect).run().await
}
