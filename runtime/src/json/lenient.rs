//! A serde reader for JSON as Python writes it, used only for values in which the scan found an oddity.

use super::JsonError;
use super::scan::Scanner;
use super::text::unquoted;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt;

/// The name by which `RawJson` asks for the text itself.
pub(super) const RAW: &str = "$oslo_messaging::RawJson";

/// As serde_json: reading recurses, so nesting is bounded.
const DEEPEST: usize = 127;

/// A value of a text that a scan has found to be well-formed.
pub(super) struct Lenient<'de> {
    text: &'de str,
    depth: usize,
}

impl<'de> Lenient<'de> {
    pub(super) fn decode<S: DeserializeSeed<'de>>(text: &'de str, seed: S) -> Result<S::Value, JsonError> {
        seed.deserialize(Self { text, depth: 0 })
    }

    /// Its parts: the elements of an array, or keys and values by turns.
    fn parts(&self) -> Result<Parts<'de>, JsonError> {
        if self.depth >= DEEPEST {
            return Err(JsonError(format!("nested deeper than {DEEPEST} levels")));
        }
        let text = self.text;
        let mut parts = Vec::new();
        let mut scanner = Scanner::new(text);
        let found = if text.starts_with('{') {
            scanner
                .members(|s, key| {
                    let value = s.value()?;
                    parts.push(Part::Key(slice(text, key.0)));
                    parts.push(Part::Value(slice(text, value.range)));
                    Ok(())
                })
                .map(drop)
        } else {
            scanner.elements(|s| {
                parts.push(Part::Value(slice(text, s.value()?.range)));
                Ok(())
            })
        };
        found.map_err(|e| JsonError(e.to_string()))?;
        Ok(Parts { parts: parts.into_iter(), depth: self.depth + 1 })
    }

    fn number<V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, JsonError> {
        let text = self.text;
        if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
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
        } else {
            // Rust reads `1e400` as infinity, as Python does.
            text.parse()
                .map_err(|_| JsonError("expected a value".into()))
                .and_then(|float| visitor.visit_f64(float))
        }
    }
}

fn slice(text: &str, range: std::ops::Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

fn visit_text<'de, V: Visitor<'de>>(between: &'de str, visitor: V) -> Result<V::Value, JsonError> {
    match unquoted(between) {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        match self.text.as_bytes().first() {
            Some(b'{') => visitor.visit_map(self.parts()?),
            Some(b'[') => visitor.visit_seq(self.parts()?),
            Some(b'"') => visit_text(slice(self.text, 1..self.text.len() - 1), visitor),
            Some(b't') => visitor.visit_bool(true),
            Some(b'f') => visitor.visit_bool(false),
            Some(b'n') => visitor.visit_unit(),
            Some(b'N') => visitor.visit_f64(f64::NAN),
            Some(b'I') => visitor.visit_f64(f64::INFINITY),
            Some(b'-') if self.text == "-Infinity" => visitor.visit_f64(f64::NEG_INFINITY),
            _ => self.number(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        if self.text == "null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        if name == RAW { visitor.visit_borrowed_str(self.text) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        match self.text.as_bytes().first() {
            Some(b'"') => {
                let name = unquoted(slice(self.text, 1..self.text.len() - 1));
                visitor.visit_enum(name.into_owned().into_deserializer())
            }
            Some(b'{') => {
                let mut parts = self.parts()?;
                if parts.parts.len() != 2 {
                    return Err(de::Error::invalid_length(parts.parts.len() / 2, &"an object with one key"));
                }
                let (Some(Part::Key(variant)), Some(Part::Value(text))) =
                    (parts.parts.next(), parts.parts.next())
                else {
                    return Err(JsonError("expected an object with one key".into()));
                };
                visitor.visit_enum(Variant { variant, content: Self { text, depth: parts.depth } })
            }
            _ => Err(JsonError("expected a text or an object with one key".into())),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

enum Part<'de> {
    /// What stands between a key's quotes.
    Key(&'de str),
    /// A value.
    Value(&'de str),
}

/// The parts of an array or an object that are not read yet.
struct Parts<'de> {
    parts: std::vec::IntoIter<Part<'de>>,
    depth: usize,
}

impl<'de> Parts<'de> {
    fn next<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        match self.parts.next() {
            None => Ok(None),
            Some(Part::Key(between)) => seed.deserialize(ObjectKey(between)).map(Some),
            Some(Part::Value(text)) => seed.deserialize(Lenient { text, depth: self.depth }).map(Some),
        }
    }
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = JsonError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.parts.len())
    }
}

impl<'de> MapAccess<'de> for Parts<'de> {
    type Error = JsonError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, JsonError> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, JsonError> {
        self.next(seed)?.ok_or_else(|| JsonError("a key without a value".into()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.parts.len() / 2)
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

/// An enum variant written as an object with one key.
struct Variant<'de> {
    variant: &'de str,
    content: Lenient<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = JsonError;
    type Variant = Lenient<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Lenient<'de>), JsonError> {
        Ok((seed.deserialize(ObjectKey(self.variant))?, self.content))
    }
}

impl<'de> de::VariantAccess<'de> for Lenient<'de> {
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
