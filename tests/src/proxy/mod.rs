//! A recording proxy between one process and the broker: every AMQP 0-9-1 frame of both directions is decoded and
//! written down, unaltered, before it is passed on. It can also be a bad network.
//!
//! Its reader of frames is its own on purpose: what checks the driver must not share the driver's codec.

mod compare;
mod frame;
mod message;
mod method;
mod process;
mod record;
mod relay;
mod settled;

pub use compare::{Allowed, Capture, Difference, NotifyCapture, PeerCapture, Step, differences};
pub use message::Message;
pub use record::{Direction, Record};
pub use relay::{Flow, Proxy};
