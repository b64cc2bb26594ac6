//! What tests of services and of drivers use.

#[cfg(feature = "transport")]
pub mod conformance;
