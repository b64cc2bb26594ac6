//! Decides what a missing argument is by asking its type: a deserializer that only knows how to be nothing.
//!
//! `Option<T>` takes it, also behind an alias, `Box`, a newtype or `#[serde(from = "Option<..>")]`; everything else does
//! not. Looking at the tokens of the type could not see through aliases.

use serde::de::{Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// A missing value.
pub(crate) struct Missing;

/// The type needs a value.
#[derive(Debug)]
pub(crate) struct NeedsValue;

impl<'de> Deserializer<'de> for Missing {
    type Error = NeedsValue;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NeedsValue> {
        Err(NeedsValue)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NeedsValue> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, NeedsValue> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl Error for NeedsValue {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl std::error::Error for NeedsValue {}

impl fmt::Display for NeedsValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value is needed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    type Alias = Option<u32>;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Newtype(Option<u32>);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(from = "Option<u8>")]
    struct From8(u8);

    impl From<Option<u8>> for From8 {
        fn from(value: Option<u8>) -> Self {
            Self(value.unwrap_or(8))
        }
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct AllDefault {
        _x: u8,
    }

    #[test]
    fn options_in_any_dress_are_none() {
        assert_eq!(Alias::deserialize(Missing).unwrap(), None);
        assert_eq!(Box::<Option<u32>>::deserialize(Missing).unwrap(), Box::new(None));
        assert_eq!(Option::<Box<str>>::deserialize(Missing).unwrap(), None);
        assert_eq!(Newtype::deserialize(Missing).unwrap(), Newtype(None));
        assert_eq!(From8::deserialize(Missing).unwrap(), From8(8));
    }

    #[test]
    fn everything_else_needs_a_value() {
        assert!(u32::deserialize(Missing).is_err());
        assert!(String::deserialize(Missing).is_err());
        assert!(Vec::<u8>::deserialize(Missing).is_err());
        assert!(<()>::deserialize(Missing).is_err());
        assert!(AllDefault::deserialize(Missing).is_err());
        assert!(serde_json::Value::deserialize(Missing).is_err());
    }
}
