//! One JSON value as text.

use super::JsonError;
use super::lenient::{self, Lenient};
use super::scan::{Found, Scanner};
use serde::de::{self, DeserializeSeed, Visitor};
use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

/// One JSON value as text, exactly as it came: big integers, `NaN` and lone surrogates included. Cheap to clone.
///
/// A part of a received message shares the message's memory; whoever keeps a small part of a large message for long
/// copies it by `raw.as_str().parse()`.
///
/// Serializes as the value that it is, by `serde_json` only, and verbatim.
#[derive(Clone)]
pub struct RawJson {
    // A `String` behind the `Arc`, so that a text becomes the source of its values without a copy.
    source: Arc<String>,
    range: Range<usize>,
    kind: Kind,
}

/// Which reader may decode the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing in it that serde_json refuses or rounds.
    Ordinary,
    /// Something in it for the lenient reader.
    Odd,
    /// Not looked at yet: looked at when it is decoded, which may never happen.
    Unknown,
}

impl RawJson {
    /// Encodes `value`. An `f64` that is not finite becomes `null`.
    ///
    /// # Errors
    /// When `value` has no JSON form, such as a map whose keys are no texts or numbers.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::from_checked).map_err(|e| JsonError(e.to_string()))
    }

    /// Takes `text`, which the caller has already checked to be one JSON value.
    pub(crate) fn from_checked(text: impl Into<String>) -> Self {
        let source = Arc::new(text.into());
        Self { range: 0..source.len(), source, kind: Kind::Unknown }
    }

    /// The value that a scan of `source` has found.
    pub(crate) fn found(source: &Arc<String>, found: Found) -> Self {
        let kind = if found.odd { Kind::Odd } else { Kind::Ordinary };
        Self { source: Arc::clone(source), range: found.range, kind }
    }

    /// The value that a scan of this one's text has found.
    pub(crate) fn part(&self, found: Found) -> Self {
        let start = self.range.start;
        Self::found(
            &self.source,
            Found { range: start + found.range.start..start + found.range.end, ..found },
        )
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // The range was found by a scan, so it always lies within the text.
        self.source.get(self.range.clone()).unwrap_or("null")
    }

    /// Decodes into `T`, reading what Python writes as this module's head says.
    ///
    /// # Errors
    /// When the value does not fit `T`; the text names the place and what was expected.
    pub fn decode<T: for<'de> Deserialize<'de>>(&self) -> Result<T, JsonError> {
        self.decode_seed(PhantomData)
    }

    /// Decodes what `seed` asks for: the values of a struct that is read from several of these.
    pub(crate) fn decode_seed<'de, S: DeserializeSeed<'de>>(
        &'de self,
        seed: S,
    ) -> Result<S::Value, JsonError> {
        let text = self.as_str();
        let odd = match self.kind {
            Kind::Ordinary => false,
            Kind::Odd => true,
            Kind::Unknown => Scanner::whole(text)?.0.odd,
        };
        if odd {
            return Lenient::decode(text, seed);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let decoded = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        decoded.map_err(|e| JsonError(e.to_string()))
    }
}

impl FromStr for RawJson {
    type Err = JsonError;

    /// Takes a text that is one JSON value as Python's `json.loads` reads it.
    fn from_str(text: &str) -> Result<Self, JsonError> {
        let (found, _) = Scanner::whole(text)?;
        let range = found.range;
        let source = Arc::new(text.get(range.clone()).unwrap_or_default().to_owned());
        Ok(Self::found(&source, Found { range: 0..range.len(), odd: found.odd }))
    }
}

impl Default for RawJson {
    fn default() -> Self {
        Self::from_checked("null")
    }
}

/// Equal texts; `1.0` and `1.00` differ.
impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name under which serde_json's own `RawValue` hands its text to serde_json's serializer.
const VERBATIM: &str = "$serde_json::private::RawValue";

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.as_str();
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => raw.serialize(serializer),
            // A `RawValue` cannot hold `NaN`; its own way of writing can. Tests would notice if serde_json changed it.
            Err(_) => {
                let mut verbatim = serializer.serialize_struct(VERBATIM, 1)?;
                verbatim.serialize_field(VERBATIM, text)?;
                verbatim.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = RawJson;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<RawJson, D::Error> {
                Box::<RawValue>::deserialize(deserializer).map(|raw| RawJson::from_checked(raw.get()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RawJson, E> {
                text.parse().map_err(E::custom)
            }
        }

        // The lenient reader knows this name and gives the text; every other one comes back by way of the newtype.
        deserializer.deserialize_newtype_struct(lenient::RAW, Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn raw(text: &str) -> RawJson {
        text.parse().unwrap()
    }

    #[test]
    fn ordinary_text_is_kept_and_decoded() {
        let value = raw(" [1, 2.50, \"é\"] ");
        assert_eq!(value.as_str(), "[1, 2.50, \"é\"]");
        assert_eq!(value.decode::<Value>().unwrap(), json!([1, 2.5, "é"]));
        assert_eq!(RawJson::encode(&value).unwrap(), value);
    }

    #[test]
    fn b08_odd_text_is_written_verbatim_where_it_is_a_part() {
        let parts: BTreeMap<&str, RawJson> =
            [("a", raw("NaN")), ("b", raw("[1180591620717411303424]")), ("c", raw(r#""\ud800""#))].into();
        let text = RawJson::encode(&parts).unwrap();
        assert_eq!(text.as_str(), r#"{"a":NaN,"b":[1180591620717411303424],"c":"\ud800"}"#);
        let back: BTreeMap<String, RawJson> = text.decode().unwrap();
        assert_eq!(back["a"].as_str(), "NaN");
        assert_eq!(back["b"].as_str(), "[1180591620717411303424]");
        assert_eq!(back["c"].as_str(), r#""\ud800""#);
    }

    #[test]
    fn b08_what_this_process_encodes_is_looked_at_when_decoded() {
        let big = RawJson::encode(&i128::MAX).unwrap();
        assert_eq!(big.decode::<i128>().unwrap(), i128::MAX);
        assert!(big.decode::<Value>().is_err());
        assert!(big.decode::<f64>().is_err());
        assert_eq!(RawJson::encode(&f64::NAN).unwrap().as_str(), "null");
    }

    #[test]
    fn a_part_of_a_larger_text_decodes_by_itself() {
        let source = Arc::new(r#"{"a": {"b": [1, 2]}}"#.to_owned());
        let part = RawJson::found(&source, Found { range: 6..19, odd: false });
        assert_eq!(part.as_str(), r#"{"b": [1, 2]}"#);
        assert_eq!(part.decode::<BTreeMap<String, Vec<u8>>>().unwrap()["b"], [1, 2]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert!("nope".parse::<RawJson>().is_err());
        assert!("1 2".parse::<RawJson>().is_err());
    }
}
