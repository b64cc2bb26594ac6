//! Listeners on the broker in the process: which methods are called, and what becomes of a notification.

#![forbid(unsafe_code)]
// Helpers and handlers under test fail by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod building;
mod calling;
mod choosing;
mod copies;
mod desk;
mod giving_back;
mod limits;
mod stopping;
mod support;
mod unfit;
mod wrapped;
