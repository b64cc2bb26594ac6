//! JSON as Python writes it: text kept exactly, decoded on demand.
//!
//! Python's `json` writes and reads what is no JSON elsewhere: `NaN`, `Infinity`, integers of any size, halves of surrogate
//! pairs. None of them costs a message:
//!
//! * `NaN` and the infinities are read where an `f64` is asked for and are `null` in a `serde_json::Value`;
//! * integers beyond 64 bits reach `i128`, `u128` and [`RawJson`] exactly and are an error elsewhere, never a rounded float;
//! * a lone surrogate becomes U+FFFD in a `String` and is kept in [`RawJson`].
//!
//! Writing an `f64` that is not finite gives `null`, as serde_json does: not every peer could read the literal.

mod lenient;
mod marks;
mod missing;
mod raw;
pub(crate) mod scan;
pub(crate) mod text;

pub(crate) use missing::Missing;
pub use raw::RawJson;
pub use scan::Oddities;

/// A value does not encode to JSON, or JSON does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(pub String);
