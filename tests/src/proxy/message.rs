//! An oslo message as it stands on the wire: keys in their order, the inner message unwrapped.

use flate2::read::ZlibDecoder;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::io::Read;

/// A decoded body.
#[derive(Debug, Clone)]
pub struct Message {
    /// Keys of the envelope in wire order; empty for a bare message.
    pub envelope: Vec<String>,
    /// Keys of the inner message in wire order.
    pub keys: Vec<String>,
    /// Keys of the failure in wire order; empty when there is none.
    pub failure_keys: Vec<String>,
    /// The failure, read from its text; `Null` when there is none.
    pub failure: Value,
    /// The inner message.
    pub inner: Value,
}

impl Message {
    /// Reads a body with these headers.
    pub(super) fn read(body: &[u8], headers: &Value) -> Result<Self, String> {
        let mut plain = String::new();
        if headers["compression"] == "application/x-gzip" {
            ZlibDecoder::new(body)
                .read_to_string(&mut plain)
                .map_err(|e| format!("not a zlib stream: {e}"))?;
        } else {
            plain = std::str::from_utf8(body).map_err(|e| e.to_string())?.to_owned();
        }
        let mut envelope = keys(&plain)?;
        let outer: Value = serde_json::from_str(&plain).map_err(|e| e.to_string())?;
        let inner = match outer.get("oslo.message") {
            Some(inner) => inner.as_str().ok_or("oslo.message is no text")?.to_owned(),
            None => {
                envelope.clear();
                plain
            }
        };
        let mut message = Self {
            envelope,
            keys: keys(&inner)?,
            failure_keys: Vec::new(),
            failure: Value::Null,
            inner: serde_json::from_str(&inner).map_err(|e| e.to_string())?,
        };
        if let Some(failure) = message.inner["failure"].as_str() {
            message.failure_keys = keys(failure)?;
            message.failure = serde_json::from_str(failure).map_err(|e| e.to_string())?;
        }
        Ok(message)
    }
}

/// The keys of a JSON object in their order.
fn keys(text: &str) -> Result<Vec<String>, String> {
    serde_json::from_str::<Keys>(text).map(|keys| keys.0).map_err(|e| e.to_string())
}

struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Keys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, Box<RawValue>>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
