//! Contracts and listeners in a crate that denies every lint, under a renamed runtime, among names that generated code must not hide or
//! mistake for its own. That this crate compiles without a warning is the test; a few answers are checked beside it.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, clippy::all, clippy::pedantic)]
#![deny(unreachable_pub, unused_qualifications, unused_lifetimes, single_use_lifetimes, rust_2018_idioms)]

pub mod cfg;
pub mod colliding;
pub mod lints;
pub mod nested;
pub mod no_prelude;
pub mod registered;
pub mod shadowed;
pub mod visibility;

#[cfg(test)]
mod tests;
