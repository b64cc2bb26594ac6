//! Message identities: 32 lower-case hex digits, as Python's `uuid.uuid4().hex`.

use std::fmt;
use std::str::FromStr;

/// A message id or unique id as it stands on the wire: a random UUID in 32 hex digits without dashes.
///
/// Corresponds to `_msg_id` and `_unique_id` of oslo.messaging.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId([u8; 32]);

impl MessageId {
    /// A fresh random id.
    pub fn random() -> Self {
        let mut text = [0; 32];
        uuid::Uuid::new_v4().simple().encode_lower(&mut text);
        Self(text)
    }

    /// The id's 32 hex digits.
    pub fn as_str(&self) -> &str {
        // Only ASCII hex digits are ever stored, so this never falls back.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message id is 32 hex digits")]
pub struct InvalidMessageId;

impl FromStr for MessageId {
    type Err = InvalidMessageId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes: [u8; 32] = text.as_bytes().try_into().map_err(|_| InvalidMessageId)?;
        // All of them are looked at, many at once, rather than one after the other up to the first that is none.
        let hex = bytes.iter().fold(true, |hex, byte| hex & byte.is_ascii_hexdigit());
        if hex { Ok(Self(bytes)) } else { Err(InvalidMessageId) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_32_hex_digits_and_differ() {
        let (a, b) = (MessageId::random(), MessageId::random());
        assert_eq!(a.as_str().len(), 32);
        assert_eq!(a.as_str().parse::<MessageId>(), Ok(a));
        assert_ne!(a, b);
    }

    #[test]
    fn other_texts_are_refused() {
        assert!("short".parse::<MessageId>().is_err());
        assert!("zz345678901234567890123456789012".parse::<MessageId>().is_err());
    }
}
