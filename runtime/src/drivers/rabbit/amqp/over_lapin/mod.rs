//! The connection over lapin.
//!
//! `lapin` is named in this folder and nowhere else.

mod channel;
mod confirms;
mod connection;
mod convert;
mod quiet;
mod socket;

pub(super) use channel::{Channel, ChannelAcks, WeakChannel};
pub(super) use confirms::Confirms;
pub(super) use connection::Connection;
