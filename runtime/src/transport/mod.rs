//! The transport: its URL and options, the handle that users hold, and the seam behind which brokers live.

mod driver;
mod health;
pub(crate) mod option;
mod options;
mod secret;
mod url;

pub use driver::{
    AckHandle, Acknowledge, BoxFuture, Capabilities, Confirmed, Consumer, Delivery, Driver, DriverError,
    Publish, PublishError, QueueState, ReplyAddress, Route, Settled, Sink, Subscription,
};
pub use health::{ConnectFailure, ConnectFailureKind, Health};
pub use option::{OptionError, OptionOrigin, OptionProblem};
pub use options::TransportOptions;
pub use secret::Secret;
pub use url::{HostSpec, Scheme, SchemeAliases, TransportUrl, TransportUrlError};
