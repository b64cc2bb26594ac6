//! Bounds on messages: what is over them, in what is read and in what is written.

use crate::error::NotSentReason;
use crate::json::scan::Scanner;

/// Bounds on what is read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest body in bytes, before and after decompression. Default 16 MiB.
    pub body: usize,
    /// Deepest nesting. Default 128.
    pub depth: usize,
    /// Most keys in one message. Default 100,000.
    pub keys: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 16 << 20, depth: 128, keys: 100_000 }
    }
}

/// What is over its limit in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OverLimit {
    /// Its body, uncompressed.
    #[error("{size} bytes, allowed are {limit}")]
    Body {
        /// Size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Its nesting.
    #[error("nested {levels} levels deep, allowed are {limit}")]
    Depth {
        /// Levels.
        levels: usize,
        /// The limit.
        limit: usize,
    },
    /// Its keys.
    #[error("{keys} keys, allowed are {limit}")]
    Keys {
        /// How many.
        keys: usize,
        /// The limit.
        limit: usize,
    },
}

impl From<OverLimit> for NotSentReason {
    fn from(over: OverLimit) -> Self {
        match over {
            OverLimit::Body { size, limit } => Self::TooLarge { size, limit },
            other => Self::Encode { argument: "args".to_owned(), cause: other.to_string() },
        }
    }
}

/// The shortest member of an object that a text can have: `"":1,`.
const SHORTEST_MEMBER: usize = 5;

impl Limits {
    /// Whether a body of this size, uncompressed, may be sent.
    pub(super) fn allow_body(&self, size: usize) -> Result<(), OverLimit> {
        if size > self.body { Err(OverLimit::Body { size, limit: self.body }) } else { Ok(()) }
    }

    /// Whether a message may be read whose text this scan has gone through.
    pub(super) fn allow_scanned(&self, scanner: &Scanner<'_>) -> Result<(), OverLimit> {
        self.allow(scanner.depth, scanner.keys)
    }

    fn allow(&self, levels: usize, keys: usize) -> Result<(), OverLimit> {
        if levels > self.depth {
            Err(OverLimit::Depth { levels, limit: self.depth })
        } else if keys > self.keys {
            Err(OverLimit::Keys { keys, limit: self.keys })
        } else {
            Ok(())
        }
    }

    /// Whether a message of so many members may be sent, some of which have these JSON values.
    pub(super) fn allow_values<'a>(
        &self,
        members: usize,
        values: impl Iterator<Item = &'a str> + Clone,
    ) -> Result<(), OverLimit> {
        let length: usize = values.clone().map(str::len).sum();
        let opened: usize = values.clone().map(containers).sum();
        // Nearly every message shows at a glance that it is far below.
        if opened < self.depth && members + length / SHORTEST_MEMBER <= self.keys {
            return Ok(());
        }
        let (mut levels, mut keys) = (1, members);
        for value in values {
            // What is no JSON is for its reader to refuse.
            let Ok((_, scanner)) = Scanner::whole(value) else { continue };
            levels = levels.max(1 + scanner.depth);
            keys += scanner.keys;
        }
        self.allow(levels, keys)
    }
}

/// No fewer than the containers in a JSON text: it counts those in strings too.
fn containers(text: &str) -> usize {
    // In blocks whose count fits a byte the compiler makes one instruction of many bytes. `[` and `{` differ in one bit.
    let count = |block: &[u8]| block.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>();
    text.as_bytes().chunks(usize::from(u8::MAX)).map(|block| usize::from(count(block))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_counted() {
        assert_eq!(containers(r#"{"a": [1, {"b": "[]"}]}"#), 4);
        assert_eq!(containers(&"[{".repeat(1000)), 2000);
    }

    #[test]
    fn what_may_be_sent_is_what_is_read() {
        let limits = Limits { depth: 4, keys: 6, ..Limits::default() };
        let allow = |values: &[&str]| limits.allow_values(3, values.iter().copied());
        assert_eq!(allow(&[r#"{"a": [[1]]}"#, r#"[[["b"]]]"#]), Ok(()));
        assert_eq!(allow(&["[]", "[[[[1]]]]"]), Err(OverLimit::Depth { levels: 5, limit: 4 }));
        assert_eq!(allow(&[r#"{"a":1,"b":1}"#, r#"{"c":1}"#]), Ok(()));
        assert_eq!(
            allow(&[r#"{"a":1,"b":1}"#, r#"{"c":1,"d":1}"#]),
            Err(OverLimit::Keys { keys: 7, limit: 6 })
        );
        // Brackets in a text open nothing.
        assert_eq!(allow(&[r#""[[[[[[[[""#]), Ok(()));
    }
}
