//! A serde reader for JSON as Python writes it, used only for values in which the scan found an oddity. One pass over the
//! text, as serde_json makes.

use super::JsonError;
use super::scan::{ScanError, Scanner};
use super::text::unquoted;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// The name by which `RawJson` asks for the text itself.
pub(super) const RAW: &str = "$oslo_messaging::RawJson";

/// As serde_json: reading recurses, so nesting is bounded.
const DEEPEST: usize = 127;

/// A position in a text, at which a value begins.
pub(super) struct Lenient<'de> {
    text: &'de str,
    scanner: Scanner<'de>,
    depth: usize,
}

impl<'de> Lenient<'de> {
    /// Reads a whole text.
    pub(super) fn decode<S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, JsonError> {
        let mut reader = Self { text, scanner: Scanner::new(text), depth: 0 };
        let value = seed.deserialize(&mut reader)?;
        reader.scanner.end()?;
        Ok(value)
    }

    fn slice(&self, range: Range<usize>) -> &'de str {
        self.text.get(range).unwrap_or_default()
    }

    /// What stands between the quotes of the string that comes next.
    fn string(&mut self) -> Result<&'de str, JsonError> {
        let range = self.scanner.string()?.range;
        Ok(self.slice(range))
    }

    /// Reads a container by `read`, which leaves the closing bracket.
    fn container<T>(
        &mut self,
        [open, close]: [u8; 2],
        read: impl FnOnce(&mut Self) -> Result<T, JsonError>,
    ) -> Result<T, JsonError> {
        if self.depth >= DEEPEST {
            return Err(JsonError(format!("nested deeper than {DEEPEST} levels")));
        }
        self.scanner.take(open, "a container")?;
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        self.scanner.take(close, "fewer elements")?;
        Ok(value)
    }

    fn visit_scalar<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, JsonError> {
        let range = self.scanner.scalar()?;
        let text = self.slice(range);
        match text {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            "null" => visitor.visit_unit(),
            "NaN" => visitor.visit_f64(f64::NAN),
            "Infinity" => visitor.visit_f64(f64::INFINITY),
            "-Infinity" => visitor.visit_f64(f64::NEG_INFINITY),
            _ if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
                visit_integer(text, visitor)
            }
            // Rust reads `1e400` as infinity, as Python does.
            _ => visitor.visit_f64(text.parse().map_err(|_| JsonError("expected a number".into()))?),
        }
    }
}

fn visit_integer<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, JsonError> {
    if let Ok(small) = text.parse() {
        visitor.visit_u64(small)
    } else if let Ok(small) = text.parse() {
        visitor.visit_i64(small)
    } else if let Ok(big) = text.parse() {
        visitor.visit_u128(big)
    } else if let Ok(big) = text.parse() {
        visitor.visit_i128(big)
    } else {
        Err(JsonError(format!("an integer of {} digits fits no type but RawJson", text.len())))
    }
}

fn visit_text<'de, V: Visitor<'de>>(between: &'de str, visitor: V) -> Result<V::Value, JsonError> {
    match unquoted(between) {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

impl<'de> Deserializer<'de> for &mut Lenient<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.scanner.peek() {
            Some(b'{') => self.container(*b"{}", |reader| visitor.visit_map(Parts { reader, first: true })),
            Some(b'[') => self.container(*b"[]", |reader| visitor.visit_seq(Parts { reader, first: true })),
            Some(b'"') => visit_text(self.string()?, visitor),
            _ => self.visit_scalar(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.scanner.peek() == Some(b'n') {
            self.scanner.scalar()?;
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        if name == RAW {
            let found = self.scanner.value()?;
            visitor.visit_borrowed_str(self.slice(found.range))
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match self.scanner.peek() {
            Some(b'"') => visitor.visit_enum(unquoted(self.string()?).into_owned().into_deserializer()),
            Some(b'{') => self.container(*b"{}", |reader| visitor.visit_enum(Variant { reader })),
            _ => Err(JsonError("expected a text or an object with one key".into())),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        self.scanner.value()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The elements or members of a container that are not read yet.
struct Parts<'a, 'de> {
    reader: &'a mut Lenient<'de>,
    first: bool,
}

impl Parts<'_, '_> {
    /// Whether there is one more; the reader then stands at it.
    fn more(&mut self, close: u8) -> Result<bool, JsonError> {
        if self.reader.scanner.peek() == Some(close) {
            return Ok(false);
        }
        if !self.first {
            self.reader.scanner.take(b',', "`,`")?;
        }
        self.first = false;
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = JsonError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        if self.more(b']')? { seed.deserialize(&mut *self.reader).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = JsonError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        if !self.more(b'}')? {
            return Ok(None);
        }
        let key = self.reader.scanner.key()?;
        seed.deserialize(ObjectKey(self.reader.slice(key.range))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, JsonError> {
        seed.deserialize(&mut *self.reader)
    }
}

/// A key: a text, or what a text says where a map's keys are numbers or booleans, as in serde_json.
struct ObjectKey<'de>(&'de str);

macro_rules! parsed_keys {
    ($($method:ident => $visit:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visit_text(self.0, visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for ObjectKey<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visit_text(self.0, visitor)
    }

    parsed_keys! {
        deserialize_bool => visit_bool,
        deserialize_i8 => visit_i8, deserialize_i16 => visit_i16, deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64, deserialize_i128 => visit_i128,
        deserialize_u8 => visit_u8, deserialize_u16 => visit_u16, deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64, deserialize_u128 => visit_u128,
        deserialize_f32 => visit_f32, deserialize_f64 => visit_f64,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_enum(unquoted(self.0).into_owned().into_deserializer())
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum variant written as an object with one key; the reader stands at the key.
struct Variant<'a, 'de> {
    reader: &'a mut Lenient<'de>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = JsonError;
    type Variant = &'a mut Lenient<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), JsonError> {
        let key = self.reader.scanner.key()?;
        Ok((seed.deserialize(ObjectKey(self.reader.slice(key.range)))?, self.reader))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Lenient<'de> {
    type Error = JsonError;

    fn unit_variant(self) -> Result<(), JsonError> {
        de::Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, JsonError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, JsonError> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.deserialize_map(visitor)
    }
}

impl de::Error for JsonError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<ScanError> for JsonError {
    fn from(error: ScanError) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use crate::json::RawJson;
    use serde::Deserialize;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
        super::Lenient::decode(text, std::marker::PhantomData).map_err(|e| e.0)
    }

    #[test]
    fn b08_non_finite_literals_are_floats_or_null() {
        assert!(read::<f64>("NaN").unwrap().is_nan());
        assert_eq!(read::<f64>("-Infinity").unwrap(), f64::NEG_INFINITY);
        assert_eq!(read::<f32>("Infinity").unwrap(), f32::INFINITY);
        assert_eq!(read::<f64>("1e400").unwrap(), f64::INFINITY);
        assert!(read::<Option<f64>>("NaN").unwrap().unwrap().is_nan());
        assert_eq!(read::<Value>(r#"{"a": [NaN, 1, "NaN"]}"#).unwrap(), json!({"a": [null, 1, "NaN"]}));
        assert!(read::<i64>("NaN").is_err());
        assert!(read::<String>("NaN").is_err());
    }

    #[test]
    fn b08_big_integers_are_exact_or_an_error() {
        let big = "1180591620717411303424";
        assert_eq!(read::<i128>(big).unwrap(), 1 << 70);
        assert_eq!(read::<u128>(big).unwrap(), 1 << 70);
        assert_eq!(read::<i128>("-1180591620717411303424").unwrap(), -(1 << 70));
        assert_eq!(read::<u128>(&u128::MAX.to_string()).unwrap(), u128::MAX);
        assert_eq!(read::<RawJson>(big).unwrap().as_str(), big);
        assert!(read::<f64>(big).is_err());
        assert!(read::<u64>(big).is_err());
        assert!(read::<Value>(big).is_err());
        let huge = "1".repeat(5000);
        assert!(read::<i128>(&huge).unwrap_err().contains("5000 digits"));
        assert_eq!(read::<RawJson>(&huge).unwrap().as_str(), huge);
    }

    #[test]
    fn b08_lone_surrogates_are_replaced_in_text_and_kept_in_raw() {
        let text = r#"{"k\ud800": "x\udc00\ud83d\ude00"}"#;
        let map: BTreeMap<String, String> = read(text).unwrap();
        assert_eq!(map["k\u{fffd}"], "x\u{fffd}😀");
        assert_eq!(read::<RawJson>(text).unwrap().as_str(), text);
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Shape {
        Empty,
        Circle(f64),
        Pair(f64, i128),
        Box { width: f64, name: Option<String> },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Vec<Shape>);

    #[derive(Debug, PartialEq, Deserialize)]
    struct Mixed {
        by_number: BTreeMap<i32, char>,
        by_truth: BTreeMap<bool, ()>,
        shapes: Wrapped,
    }

    #[test]
    fn structs_enums_and_map_keys_are_read_as_by_serde_json() {
        let text = r#"{"by_number": {"-1": "a", "2": "é"}, "by_truth": {"true": null}, "unknown": [NaN],
            "shapes": ["Empty", {"Circle": 1}, {"Pair": [0.5, 7]}, {"Box": {"width": 2e0, "name": null}}]}"#;
        let ordinary = text.replace("NaN", "0");
        assert_eq!(read::<Mixed>(text).unwrap(), serde_json::from_str(&ordinary).unwrap());
        assert_eq!(
            read::<Shape>(r#"{"Box": {"width": Infinity, "name": "b"}}"#).unwrap(),
            Shape::Box { width: f64::INFINITY, name: Some("b".into()) }
        );
        assert!(read::<Shape>(r#"{"Box": {"width": 1}, "Circle": 1}"#).is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}NaN{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read::<Value>(&nested(127)).is_ok());
        assert!(read::<Value>(&nested(128)).unwrap_err().contains("deeper"));
        assert!(read::<Value>(&nested(100_000)).is_err());
    }
}
