//! Everyday names with other meanings.

#![allow(dead_code)]

use std::result::Result as StdResult;

/// Not the one.
pub struct Result;
/// Not the one.
pub struct Vec;
/// Not the one.
pub struct String;
/// Not the one.
pub struct Option;
/// Not the one.
pub struct Box;
/// Not the one.
pub struct Arc;
/// Not the one.
pub struct Duration;
/// Not the one.
pub trait Future {}
/// Not the one.
pub trait Send {}
/// Not the one.
pub trait Sync {}
/// Not the one.
pub trait Default {}
/// Not the one.
pub trait Into {}
/// Not the one.
pub mod core {}
/// Not the one.
pub mod std_like {}

/// Shadows.
#[messaging::endpoint(version = "1.1", crate = messaging)]
pub trait Shadowed {
    /// Uses the primitives that are left.
    async fn show(
        &self,
        ctx: &messaging::Context,
        name: &str,
        #[arg(default)] count: u32,
        #[arg(since = "1.1", default)] kind: u8,
    ) -> StdResult<u32, messaging::error::RemoteFailure>;
}

/// Shadows.
#[messaging::listener(crate = messaging)]
pub trait ShadowedEvents {
    /// Uses the primitives that are left.
    #[on(any)]
    async fn one(
        &self,
        ctx: &messaging::Context,
        event: messaging::notify::Event<u32>,
    ) -> StdResult<(), std::io::Error>;

    /// Several.
    #[on(info)]
    async fn several(&self, events: std::vec::Vec<messaging::notify::Event<bool>>);
}
