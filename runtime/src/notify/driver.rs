//! The seam for notification drivers: where notifications go.

use super::error::DriverFailure;
use super::prepared::PreparedNotification;
use crate::transport::BoxFuture;
use std::fmt;

/// Takes notifications somewhere. Implement it for a destination of your own.
///
/// Corresponds to `oslo_messaging.notify.notifier.Driver`. A failure is the caller's to see; it never keeps other drivers
/// from getting the notification.
///
/// ```
/// use oslo_messaging::notify::{DriverFailure, NotifyDriver, PreparedNotification};
/// use oslo_messaging::transport::BoxFuture;
///
/// #[derive(Debug)]
/// struct Printing;
///
/// impl NotifyDriver for Printing {
///     fn name(&self) -> &str {
///         "printing"
///     }
///     fn send<'a>(&'a self, notification: &'a PreparedNotification) -> BoxFuture<'a, Result<(), DriverFailure>> {
///         Box::pin(async move {
///             println!("{} {}", notification.event_type, notification.payload);
///             Ok(())
///         })
///     }
/// }
/// # use oslo_messaging::notify::Notifier;
/// # let notifier = Notifier::without_transport().driver(Printing).build();
/// # assert!(notifier.unwrap().is_enabled());
/// ```
pub trait NotifyDriver: fmt::Debug + Send + Sync + 'static {
    /// Its name, for configuration and messages: `messagingv2`.
    fn name(&self) -> &str;

    /// Takes a notification; resolves when it is where it belongs. Dropping the future stops waiting, what has left is not
    /// called back.
    fn send<'a>(&'a self, notification: &'a PreparedNotification)
    -> BoxFuture<'a, Result<(), DriverFailure>>;
}
