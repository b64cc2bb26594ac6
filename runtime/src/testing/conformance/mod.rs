//! The conformance suite of the driver seam, for authors of drivers.
//!
//! A driver that passes it behaves as the rest of the library expects. Each [script](SCRIPTS) plays one behaviour with
//! two or three peers on one broker, writes what happens as a [`History`], and compares that with the history it must
//! have; no second driver is needed. Histories of two drivers can be compared all the same.
//!
//! Scripts use names of their own and run at the same time on one broker. They wait for events, with a
//! [limit](Suite::limit) after which the script fails and says what it waited for.

mod actor;
mod history;
mod letter;
mod scripts;
mod stage;
mod suite;

pub use history::{Failure, History, Outcome, Report};
pub use scripts::*;
pub use suite::{Script, Suite};

use crate::transport::{BoxFuture, Driver};
use std::sync::Arc;

/// Plays every script with drivers from `connect`; see [`Suite`] for prefix and limit.
pub async fn run(
    connect: impl Fn() -> BoxFuture<'static, Arc<dyn Driver>> + Send + Sync + 'static,
) -> Report {
    Suite::new(connect).run().await
}
