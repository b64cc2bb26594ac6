//! Notifications: what has happened, told to whoever listens.
//!
//! Payloads, events and endpoints are plain data; notifier and listener stand on a transport and know no broker.

#[cfg(feature = "transport")]
mod driver;
#[cfg(feature = "transport")]
mod drivers;
mod endpoint;
#[cfg(feature = "transport")]
mod error;
mod event;
#[cfg(feature = "transport")]
mod listener;
#[cfg(feature = "transport")]
mod messaging;
#[cfg(feature = "transport")]
mod notifier;
#[cfg(feature = "config")]
mod options;
#[cfg(feature = "transport")]
mod pattern;
#[cfg(feature = "transport")]
mod prepared;
mod priority;
mod typed;
mod unfit;

#[cfg(feature = "transport")]
pub use driver::NotifyDriver;
#[cfg(feature = "transport")]
pub use drivers::{LogDriver, NoopDriver};
#[cfg(feature = "config")]
pub use drivers::{RoutingDriver, RoutingError, RulePlace};
#[cfg(feature = "transport")]
pub use error::{DriverFailure, DriversFailed, NotifyError};
#[cfg(feature = "transport")]
pub use listener::{
    Listener, ListenerBuildError, ListenerBuilder, ListenerHandle, ListenerStartError, ListenerStats,
    Stopped, UnfitPolicy,
};
#[cfg(feature = "transport")]
pub use messaging::MessagingDriver;
#[cfg(feature = "transport")]
pub use notifier::{
    NotificationQueue, Notifier, NotifierBuildError, NotifierBuilder, NotifierStats, QueueFull, QueueRefusal,
    QueueStats, Sending, WhenFull,
};
#[cfg(feature = "transport")]
pub use prepared::PreparedNotification;

pub use crate::macros::Notification;
pub use endpoint::{
    BatchStarted, FilterDescriptor, HandlerFn, HandlerReturn, HandlerStarted, ListenerEndpoint,
    NotificationResult, OnDescriptor, Outcome, Unfit, handler_fn,
};
#[doc(hidden)]
pub use endpoint::{On, on_batch, on_one, own_context, start_batch, start_one};
pub use event::Event;
#[cfg(feature = "config")]
pub use options::{DriverName, NotificationOptions};
pub use priority::{Priority, UnknownPriority};
#[doc(hidden)]
pub use typed::Submitted;
pub use typed::{Notification, NotificationDescriptor, notifications};
