//! Notifications: what has happened, told to whoever listens.
//!
//! Payloads, events and endpoints are plain data; notifier and listener stand on a transport and know no broker.

mod endpoint;
mod event;
// Until listener and routing driver are there.
#[allow(dead_code, unused_imports)]
#[cfg(feature = "transport")]
pub(crate) mod pattern;
mod priority;
mod typed;

pub use endpoint::{
    BatchStarted, FilterDescriptor, HandlerReturn, HandlerStarted, ListenerEndpoint, NotificationResult,
    OnDescriptor, Outcome, Unfit, handler_fn,
};
#[doc(hidden)]
pub use endpoint::{On, on_batch, on_one, start_batch, start_one};
pub use event::Event;
pub use priority::{Priority, UnknownPriority};
#[doc(hidden)]
pub use typed::Submitted;
pub use typed::{Notification, NotificationDescriptor, notifications};
