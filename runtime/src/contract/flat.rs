//! Reads a flattened argument: a struct takes the arguments that are its fields and leaves the others, so that unknown
//! ones can still be refused.

use crate::json::{JsonError, RawJson};
use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

type Args = Vec<(String, RawJson)>;

/// Takes a `T` out of the arguments that were not taken yet.
pub(super) fn take<T: for<'de> Deserialize<'de>>(args: &mut Args) -> Result<T, JsonError> {
    let mut taken = Args::new();
    T::deserialize(Flat { args, taken: &mut taken })
}

/// The arguments as something to deserialize a struct from; `taken` outlives what is read from it.
struct Flat<'a, 'de> {
    args: &'a mut Args,
    taken: &'de mut Args,
}

impl<'de> Deserializer<'de> for Flat<'_, 'de> {
    type Error = JsonError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, JsonError> {
        *self.taken = std::mem::take(self.args);
        visitor.visit_map(Members::new(self.taken))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        self.taken.extend(self.args.extract_if(.., |(name, _)| fields.contains(&name.as_str())));
        visitor.visit_map(Members::new(self.taken))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, JsonError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

struct Members<'de> {
    rest: std::slice::Iter<'de, (String, RawJson)>,
    value: Option<&'de RawJson>,
}

impl<'de> Members<'de> {
    fn new(members: &'de [(String, RawJson)]) -> Self {
        Self { rest: members.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = JsonError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, JsonError> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::<JsonError>::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, JsonError> {
        match self.value.take() {
            Some(value) => value.decode_seed(seed),
            None => Err(JsonError("a value before its name".to_owned())),
        }
    }
}
