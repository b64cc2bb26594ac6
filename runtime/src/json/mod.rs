//! JSON as Python writes it: text kept exactly, decoded on demand.

mod missing;

pub(crate) use missing::Missing;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// One JSON value as text, exactly as it came: big integers, `NaN` and lone surrogates included. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson(Arc<str>);

/// A value does not encode to JSON, or JSON does not fit a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(pub String);

impl RawJson {
    /// Encodes `value`.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(|text| Self(text.into())).map_err(|e| JsonError(e.to_string()))
    }

    /// Takes `text`, which the caller has already checked to be one JSON value.
    pub(crate) fn from_checked(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes into `T`.
    pub fn decode<T: for<'de> Deserialize<'de>>(&self) -> Result<T, JsonError> {
        serde_json::from_str(&self.0).map_err(|e| JsonError(e.to_string()))
    }
}

impl Default for RawJson {
    fn default() -> Self {
        Self(Arc::from("null"))
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &serde_json::value::RawValue =
            serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<serde_json::value::RawValue>::deserialize(deserializer).map(|raw| Self(raw.get().into()))
    }
}
