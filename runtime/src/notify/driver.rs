//! The seam for notification drivers: where notifications go.

use super::error::DriverFailure;
use super::prepared::PreparedNotification;
use crate::contract::panic_text;
use crate::transport::BoxFuture;
use futures_util::FutureExt;
use std::fmt;
use std::panic::AssertUnwindSafe;

/// Takes notifications somewhere. Implement it for a destination of your own.
///
/// Corresponds to `oslo_messaging.notify.notifier.Driver`. A failure is the caller's to see; it never keeps other drivers
/// from getting the notification. A panic is a failure too.
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

/// What a driver has made of a notification.
pub(super) type End = Result<(), DriverFailure>;

/// Gives a notification to a driver. Should that panic, neither its caller nor other drivers are taken along.
pub(super) async fn give(driver: &dyn NotifyDriver, notification: &PreparedNotification) -> End {
    // What a panic leaves half changed is the driver's own.
    let sending = AssertUnwindSafe(async { driver.send(notification).await });
    sending.catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic_text(&*panic);
        Err(DriverFailure::Other(format!("panicked: {text}")))
    })
}

/// The drivers that failed, with the reasons, and those that did not, by name.
pub(super) fn sorted<'a>(
    ends: impl Iterator<Item = (&'a str, End)>,
) -> (Vec<(String, DriverFailure)>, Vec<String>) {
    let (mut failures, mut taken_by) = (Vec::new(), Vec::new());
    for (name, end) in ends {
        match end {
            Ok(()) => taken_by.push(name.to_owned()),
            Err(failure) => failures.push((name.to_owned(), failure)),
        }
    }
    (failures, taken_by)
}
