//! JSON strings: from between the quotes to text and back.

use super::marks::{BLOCK, marks};
use super::scan::hex4;
use std::borrow::Cow;
use std::ops::Range;

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
    out.resize(begin + bytes.len() + REACH, 0);
    let taken = unescape(bytes, lone, out.get_mut(begin..)?);
    out.truncate(begin + taken.map_or(0, |(_, written)| written));
    taken.map(|(read, _)| read)
}

/// As much is copied at once: few pieces between two escapes are longer.
const PIECE: usize = 16;
/// What is looked at at once, and what a copy may touch behind it.
const REACH: usize = BLOCK + PIECE;

/// The beginning of a text, in `padded` with zeros behind it where it is too short.
#[inline(always)]
fn reach<'a>(text: &'a [u8], padded: &'a mut [u8; REACH]) -> &'a [u8; REACH] {
    if let Some(reach) = text.first_chunk() {
        return reach;
    }
    let length = text.len().min(REACH);
    padded[..length].copy_from_slice(&text[..length]);
    padded
}

/// Copies a piece of `bytes` to `out` at `place`, or more; gives its length.
#[inline(always)]
fn copy(bytes: &[u8; REACH], piece: Range<usize>, out: &mut [u8], place: usize) -> usize {
    let length = piece.len();
    let sixteen = bytes.get(piece.start..).and_then(<[u8]>::first_chunk::<PIECE>);
    let room = out.get_mut(place..).and_then(<[u8]>::first_chunk_mut);
    match (sixteen, room) {
        (Some(sixteen), Some(room)) if length <= PIECE => *room = *sixteen,
        _ => out[place..place + length].copy_from_slice(&bytes[piece]),
    }
    length
}

/// Takes the backslashes out of the commonest escapes of a block: how many of its bytes it took, up to what it does not know,
/// and how many it wrote. `out` has room for all that a copy may touch.
#[inline(always)]
fn unescape_block(bytes: &[u8; REACH], out: &mut [u8]) -> Option<(usize, usize)> {
    let (block, _) = bytes.split_first_chunk()?;
    let mut marks = marks(block);
    // What comes next is a piece without backslashes; it begins with the byte that the last one escaped.
    let (mut from, mut written) = (0, 0);
    loop {
        let at = marks.trailing_zeros() as usize;
        written += copy(bytes, from..at, out, written);
        // An escape whose end is in the next block is that one's, too.
        let pair = bytes.get(at..at + 2)?;
        if at >= BLOCK - 1 || (pair != b"\\\"" && pair != b"\\\\") {
            return Some((at, written));
        }
        from = at + 1;
        marks &= !(0b11 << at);
    }
}

fn unescape(bytes: &[u8], lone: LoneSurrogate, out: &mut [u8]) -> Option<(usize, usize)> {
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = bytes.get(read..)?;
        let mut padded = [0; REACH];
        // Zeros that are behind it are not taken: they are control characters.
        let (taken, put) = unescape_block(reach(rest, &mut padded), out.get_mut(written..)?)?;
        read += taken;
        written += put;
        if taken >= BLOCK - 1 {
            continue;
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

/// Writes JSON to the end of `out` as it stands in a string of JSON.
///
/// Between its tokens may be line breaks and tabs, which JSON forbids in a string; any other space means the same.
pub(crate) fn escape(json: &[u8], out: &mut Vec<u8>) {
    let escapes = json.iter().filter(|&&byte| byte == b'"' || byte == b'\\').count();
    let (begin, length) = (out.len(), json.len() + escapes);
    out.resize(begin + length + PIECE, 0);
    let (mut read, mut written) = (0, begin);
    while let Some(rest) = json.get(read..).filter(|rest| !rest.is_empty()) {
        let mut padded = [0; REACH];
        let bytes = reach(rest, &mut padded);
        written += escape_block(bytes, rest.len().min(BLOCK), out.get_mut(written..).unwrap_or_default());
        read += BLOCK;
    }
    out.truncate(begin + length);
}

/// Puts backslashes before what needs one among the first `length` bytes of a block; how many bytes it wrote.
#[inline(always)]
fn escape_block(bytes: &[u8; REACH], length: usize, out: &mut [u8]) -> usize {
    let mut marks = marks(bytes.first_chunk().unwrap_or(&[0; BLOCK]));
    let (mut from, mut written) = (0, 0);
    loop {
        let at = (marks.trailing_zeros() as usize).min(length);
        written += copy(bytes, from..at, out, written);
        let (Some(&byte), Some(place)) = (bytes.get(at), out.get_mut(written)) else { return written };
        if at == length {
            return written;
        }
        (*place, from) = if byte < b' ' { (b' ', at + 1) } else { (b'\\', at) };
        written += 1;
        marks &= marks - 1;
    }
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

    /// Pairs, halves at the border of a block, long pieces, and what only the slow way knows.
    #[test]
    fn escapes_are_read_and_written_wherever_they_stand() {
        let fillers =
            ["", "x", "\"", "\\", "\\\"", "\n", "é", "xyz\"", "a piece that is longer than sixteen bytes \""];
        for filler in fillers {
            for length in 0..150 {
                for special in ["\"", "\\", "\\\\\"", "\t", "😀"] {
                    let text = format!("{}{special}{filler}{special}", "-".repeat(length));
                    let written = serde_json::to_string(&text).unwrap();
                    assert_eq!(read(&written[1..], LoneSurrogate::Replace).unwrap(), text);
                    let mut outer = Vec::new();
                    escape(written.as_bytes(), &mut outer);
                    let expected = serde_json::to_string(&written).unwrap();
                    assert_eq!(String::from_utf8(outer).unwrap(), expected[1..expected.len() - 1]);
                }
            }
        }
    }

    #[test]
    fn space_between_tokens_is_written_as_a_string_may_hold_it() {
        let mut out = b"before ".to_vec();
        escape(b"{\n\t\"a\":\r1}", &mut out);
        assert_eq!(out, b"before {  \\\"a\\\": 1}");
    }

    #[test]
    fn malformed_strings_are_refused() {
        for text in ["", "abc", r"abc\", r#"\x""#, r#"\u12"#, r#"\u12g4""#, "a\nb\""] {
            assert_eq!(read(text, LoneSurrogate::Replace), None, "{text}");
            let behind = format!("{}{text}", "long enough for a block ".repeat(4));
            assert_eq!(read(&behind, LoneSurrogate::Replace), None, "{behind}");
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
