//! Payload types that know what they are the payload of.

use super::priority::Priority;
use crate::version::Version;
use serde::Serialize;

/// A payload type with its event type; derived with [`#[derive(Notification)]`](macro@crate::Notification).
///
/// oslo.messaging has no such thing: payloads are dicts there, and the event type is written at every call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no event type of its own",
    label = "not a payload type that is a `Notification`",
    note = "add `#[derive(Notification)]`, or say the priority where it is listened for: `#[on(info)]`"
)]
pub trait Notification: Serialize {
    /// What the type says of itself.
    const DESCRIPTOR: NotificationDescriptor;
}

/// What a payload type is, as constants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotificationDescriptor {
    /// Name of the type.
    pub name: &'static str,
    /// Event type that it is sent with.
    pub event_type: &'static str,
    /// Priority that it is sent with unless told otherwise.
    pub priority: Priority,
    /// Version of the payload's form. It is for catalogues and checks; the wire has no place for it.
    pub version: Version,
    /// The type's documentation.
    pub doc: &'static str,
    /// Module path of the type.
    pub module: &'static str,
}

impl NotificationDescriptor {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        event_type: &'static str,
        priority: Priority,
        version: Version,
        doc: &'static str,
        module: &'static str,
    ) -> Self {
        Self { name, event_type, priority, version, doc, module }
    }
}

/// A registered payload type; generated code submits it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Submitted(pub &'static NotificationDescriptor);

inventory::collect!(Submitted);

/// Every payload type that is linked into this program, in no particular order.
pub fn notifications() -> impl Iterator<Item = &'static NotificationDescriptor> {
    inventory::iter::<Submitted>.into_iter().map(|submitted| submitted.0)
}

/// Registers a payload type's descriptor, a constant.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_notification {
    ($descriptor:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::SubmittedNotification(&$descriptor) }
    };
}
