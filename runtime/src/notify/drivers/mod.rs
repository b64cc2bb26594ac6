//! Notification drivers that need no broker. Each knows what it does with a prepared notification and nothing of the
//! notifier that prepared it.

mod log;
mod noop;
#[cfg(feature = "config")]
mod routing;

pub use log::LogDriver;
pub use noop::NoopDriver;
#[cfg(feature = "config")]
pub use routing::{RoutingDriver, RoutingError, RulePlace};
