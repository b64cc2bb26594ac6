//! Percent encoding as Python's `urllib.parse` does it. Knows nothing of URLs' parts.

/// `text` was decoded to bytes that are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotUtf8;

/// Decodes `%XX`. As in Python, a `%` without two hexadecimal digits stands for itself.
pub(super) fn decode(text: &str) -> Result<String, NotUtf8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => {
                    out.push(byte);
                    rest = tail;
                }
            },
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).map_err(|_| NotUtf8)
}

/// Encodes everything but letters, digits, `_.-~` and the bytes in `safe`.
pub(super) fn encode(text: &str, safe: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 0xf));
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

fn digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' + value - 10 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_as_python_does() {
        for (text, expected) in
            [("a%2Fb", "a/b"), ("%zz%", "%zz%"), ("%4", "%4"), ("%c3%A9", "é"), ("%2525", "%25")]
        {
            assert_eq!(decode(text).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(decode("%ff"), Err(NotUtf8));
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in any::<String>()) {
            prop_assert_eq!(decode(&encode(&text, b"")), Ok(text));
        }
    }
}
