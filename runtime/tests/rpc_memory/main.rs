//! Calls, casts and servers on the broker in the process: what callers are told, and what servers do with a request.

#![forbid(unsafe_code)]
// Helpers and handlers under test fail by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answering;
mod calls;
mod double;
mod logged;
mod raw;
mod replies;
mod serving;
mod stopping;
mod support;
mod troubles;
