//! JSON strings: from between the quotes to text and back.

use super::run::specials;
use super::scan::hex4;
use std::borrow::Cow;

/// What becomes of half a surrogate pair, which Rust text cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoneSurrogate {
    /// U+FFFD stands in its place.
    Replace,
    /// Its escape stays as it is: right only where the text is itself JSON and the half stands in a string of it.
    KeepEscape,
}

/// Reads a string from behind its opening quote to the end of `out`. Gives how many bytes it took, closing quote included;
/// `None` when it is malformed or has no end. `out` is UTF-8 if `bytes` is.
pub(crate) fn read_string(bytes: &[u8], lone: LoneSurrogate, out: &mut Vec<u8>) -> Option<usize> {
    // Decoded text is never longer than its escaped form, so each byte has its place and the loop only stores.
    let begin = out.len();
    out.resize(begin + bytes.len(), 0);
    let taken = unescape(bytes, lone, out.get_mut(begin..)?);
    out.truncate(begin + taken.map_or(0, |(_, written)| written));
    taken.map(|(read, _)| read)
}

/// An escaped quote and an escaped backslash as they stand in memory.
const QUOTE: u16 = u16::from_le_bytes(*b"\\\"");
const BACKSLASH: u16 = u16::from_le_bytes(*b"\\\\");

/// What comes of eight bytes.
struct Eight {
    /// How many of them it took: up to what it does not know.
    read: usize,
    /// How many of `text` count.
    written: usize,
    text: u64,
}

/// Takes the backslashes out of the commonest escapes, as long as the eight bytes hold them whole.
#[inline(always)]
fn unescape_eight(bytes: u64) -> Eight {
    let mut special = specials(bytes);
    let (mut text, mut removed) = (bytes, 0);
    loop {
        let at = special.trailing_zeros() as usize / 8;
        if at == 8 {
            return Eight { read: 8, written: 8 - removed, text };
        }
        // Of an escape whose end is not among the eight bytes it sees a zero.
        let pair = (bytes >> (8 * at)) as u16;
        if pair != QUOTE && pair != BACKSLASH {
            return Eight { read: at, written: at - removed, text };
        }
        let before = (1 << (8 * (at - removed))) - 1;
        text = text & before | (text >> 8) & !before;
        removed += 1;
        special &= !(0xffff << (8 * at));
    }
}

fn unescape(bytes: &[u8], lone: LoneSurrogate, out: &mut [u8]) -> Option<(usize, usize)> {
    let (mut read, mut written) = (0, 0);
    loop {
        if let Some(chunk) = bytes.get(read..)?.first_chunk()
            && let Some(place) = out.get_mut(written..)?.first_chunk_mut()
        {
            let eight = unescape_eight(u64::from_le_bytes(*chunk));
            *place = eight.text.to_le_bytes();
            read += eight.read;
            written += eight.written;
            if eight.read > 0 {
                continue;
            }
        }
        let byte = *bytes.get(read)?;
        read += 1;
        match byte {
            b'"' => return Some((read, written)),
            b'\\' => match *bytes.get(read)? {
                escaped @ (b'"' | b'\\') => {
                    *out.get_mut(written)? = escaped;
                    read += 1;
                    written += 1;
                }
                _ => {
                    let (taken, put) = rare_escape(bytes, read, lone, out.get_mut(written..)?)?;
                    read += taken;
                    written += put;
                }
            },
            0..0x20 => return None,
            _ => {
                *out.get_mut(written)? = byte;
                written += 1;
            }
        }
    }
}

/// Decodes the escape at `read`, just behind its backslash: how many bytes it took and how many it wrote.
#[cold]
fn rare_escape(bytes: &[u8], read: usize, lone: LoneSurrogate, out: &mut [u8]) -> Option<(usize, usize)> {
    let plain = match *bytes.get(read)? {
        b'/' => b'/',
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 0x08,
        b'f' => 0x0c,
        b'u' => {
            let (put, taken) = unicode(bytes, read + 1, lone, out)?;
            return Some((taken + 1, put));
        }
        _ => return None,
    };
    *out.first_mut()? = plain;
    Some((1, 1))
}

/// Decodes `\u` at `read`, just behind the `u`: how many bytes it wrote and how many more it read.
fn unicode(bytes: &[u8], read: usize, lone: LoneSurrogate, out: &mut [u8]) -> Option<(usize, usize)> {
    let unit = hex4(bytes.get(read..read + 4))?;
    let pair = || {
        let second = bytes.get(read + 4..read + 10)?.strip_prefix(b"\\u")?;
        let second = hex4(Some(second)).filter(|second| (0xDC00..0xE000).contains(second))?;
        char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00))
    };
    let (decoded, more) = match unit {
        0xD800..0xDC00 => (pair(), if pair().is_some() { 10 } else { 4 }),
        _ => (char::from_u32(unit), 4),
    };
    let decoded = match (decoded, lone) {
        (Some(decoded), _) => decoded,
        (None, LoneSurrogate::Replace) => char::REPLACEMENT_CHARACTER,
        (None, LoneSurrogate::KeepEscape) => {
            out.get_mut(..6)?.copy_from_slice(bytes.get(read - 2..read + 4)?);
            return Some((6, more));
        }
    };
    let length = decoded.len_utf8();
    decoded.encode_utf8(out.get_mut(..length)?);
    Some((length, more))
}

/// The text that stands between two quotes, as found by the scanner. A lone surrogate becomes U+FFFD.
pub(crate) fn unquoted(between: &str) -> Cow<'_, str> {
    if !between.as_bytes().contains(&b'\\') {
        return Cow::Borrowed(between);
    }
    let mut quoted = Vec::with_capacity(between.len() + 1);
    quoted.extend_from_slice(between.as_bytes());
    quoted.push(b'"');
    let mut out = Vec::new();
    read_string(&quoted, LoneSurrogate::Replace, &mut out);
    Cow::Owned(String::from_utf8(out).unwrap_or_default())
}

/// Writes `text` as a JSON string with its quotes.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..' ' => {
                out.push_str("\\u00");
                out.push(if c < '\u{10}' { '0' } else { '1' });
                out.extend(char::from_digit(u32::from(c) & 15, 16));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, lone: LoneSurrogate) -> Option<String> {
        let mut out = b"before ".to_vec();
        let taken = read_string(text.as_bytes(), lone, &mut out)?;
        assert_eq!(taken, text.len());
        Some(String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned())
    }

    #[test]
    fn every_escape_is_read() {
        let text = r#"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
        assert_eq!(read(text, LoneSurrogate::Replace).unwrap(), "\"\\/\u{8}\u{c}\n\r\té😀é");
    }

    #[test]
    fn b08_a_lone_surrogate_is_replaced_or_kept() {
        let text = r#"a\ud800b\udc00\ud800\u0041""#;
        assert_eq!(read(text, LoneSurrogate::Replace).unwrap(), "a\u{fffd}b\u{fffd}\u{fffd}A");
        assert_eq!(read(text, LoneSurrogate::KeepEscape).unwrap(), r"a\ud800b\udc00\ud800A");
    }

    #[test]
    fn malformed_strings_are_refused() {
        for text in ["", "abc", r"abc\", r#"\x""#, r#"\u12"#, r#"\u12g4""#, "a\nb\""] {
            assert_eq!(read(text, LoneSurrogate::Replace), None, "{text}");
        }
    }

    #[test]
    fn written_strings_are_what_serde_json_reads() {
        let text: String = (0..0x80u8).map(char::from).chain("é中😀".chars()).collect();
        let mut out = String::new();
        write_string(&text, &mut out);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
