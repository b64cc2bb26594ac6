//! The transport: its URL and options, the handle that users hold, and the seam behind which brokers live.

mod driver;
mod handle;
mod health;
mod name;
pub(crate) mod option;
mod options;
mod secret;
mod stats;
mod url;

pub use driver::{
    AckHandle, AckMode, Acknowledge, BoxFuture, Capabilities, Confirmed, Consumer, Delivery, Driver,
    DriverError, Publish, PublishError, QueueState, ReplyAddress, Route, Settled, Sink, Subscription,
};
pub(crate) use handle::SharedCaller;
pub use handle::{NotReady, Transport};
pub use health::{ConnectFailure, ConnectFailureKind, Health};
pub(crate) use name::{LONGEST_NAME, check_name};
pub use option::{OptionError, OptionOrigin, OptionProblem};
pub use options::TransportOptions;
pub use secret::Secret;
pub use stats::TransportStats;
pub(crate) use stats::{Counter, TransportCounters};
pub use url::{HostSpec, Scheme, SchemeAliases, TransportUrl, TransportUrlError};
