//! The brokers: one folder each, and the only place that names a broker's crate. A driver knows neither RPC nor
//! notifications.

#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "rabbit")]
pub mod rabbit;
