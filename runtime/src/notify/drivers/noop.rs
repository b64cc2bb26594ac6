//! The driver `noop`: notifications go nowhere.

use crate::notify::{DriverFailure, NotifyDriver, PreparedNotification};
use crate::transport::BoxFuture;

/// Takes every notification and does nothing with it.
///
/// Corresponds to oslo.messaging's driver `noop`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoopDriver;

impl NotifyDriver for NoopDriver {
    fn name(&self) -> &str {
        "noop"
    }

    fn send<'a>(&'a self, _: &'a PreparedNotification) -> BoxFuture<'a, Result<(), DriverFailure>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
