//! Envelope 2.0: an object that holds the message as a JSON text. Read and written without a tree: the escaping and its
//! reverse are one loop over the bytes each (measured in `docs/results/codec.md`).

use super::Malformed;
use crate::json::scan::{Found, Scanner};
use crate::json::text::{LoneSurrogate, escape, read_string, unquoted, write_string};
use crate::version::Version;
use std::fmt;
use std::io::Write;
use std::str::Utf8Error;

/// As Python writes it, separators included.
const HEAD: &str = r#"{"oslo.version": "2.0", "oslo.message": ""#;
const TAIL: &str = r#""}"#;
/// The newest envelope that this codec reads.
const VERSION: Version = Version::new(2, 0);

/// Writes one enveloped message to the end of a body.
pub(super) struct Writer<'a> {
    body: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Begins; `inner` is about how long the message will be.
    pub(super) fn open(body: &'a mut Vec<u8>, inner: usize) -> Self {
        body.reserve(HEAD.len() + inner + inner / 4 + 256);
        body.extend_from_slice(HEAD.as_bytes());
        Self { body }
    }

    /// Writes a piece of the inner message's JSON that is escaped already: the codec's own words, copied as they are.
    pub(super) fn escaped(&mut self, piece: &'static str) {
        self.body.extend_from_slice(piece.as_bytes());
    }

    /// Writes a piece of the inner message's JSON.
    pub(super) fn json(&mut self, piece: &str) {
        escape(piece.as_bytes(), self.body);
    }

    /// Writes what shows itself as JSON that is escaped already, such as a number.
    pub(super) fn shown(&mut self, piece: fmt::Arguments<'_>) {
        // A `Vec` takes whatever comes.
        let _ = self.body.write_fmt(piece);
    }

    /// Writes a text as a JSON string of the inner message.
    pub(super) fn string(&mut self, text: &str) {
        if is_plain(text) {
            for part in ["\\\"", text, "\\\""] {
                self.body.extend_from_slice(part.as_bytes());
            }
        } else {
            let mut quoted = String::with_capacity(text.len() + 2);
            write_string(text, &mut quoted);
            self.json(&quoted);
        }
    }

    /// Writes a text behind a prefix of the codec's own, both as one JSON string of the inner message.
    pub(super) fn prefixed(&mut self, prefix: &'static str, text: &str) {
        if is_plain(text) {
            for part in ["\\\"", prefix, text, "\\\""] {
                self.body.extend_from_slice(part.as_bytes());
            }
        } else {
            self.string(&[prefix, text].concat());
        }
    }

    /// Ends the message.
    pub(super) fn close(self) {
        self.body.extend_from_slice(TAIL.as_bytes());
    }
}

/// Whether JSON text needs a backslash before this byte.
fn is_escaped(byte: u8) -> bool {
    byte == b'"' || byte == b'\\'
}

/// Whether a text is written as it is between its quotes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && !is_escaped(byte))
}

/// The inner message of a body: unwrapped from envelope 2.0, or the body itself when it has no envelope (1.0); the flag says
/// that it has none.
pub(super) fn open(body: &[u8]) -> Result<(String, bool), Malformed> {
    match as_python_writes_it(body) {
        Some(inner) => owned(inner).map(|inner| (inner, false)),
        None => any_spelling(std::str::from_utf8(body).map_err(not_utf8)?),
    }
}

fn as_python_writes_it(body: &[u8]) -> Option<Vec<u8>> {
    let escaped = body.strip_prefix(HEAD.as_bytes())?;
    let mut inner = Vec::new();
    let taken = read_string(escaped, LoneSurrogate::KeepEscape, &mut inner)?;
    (escaped.get(taken..)? == b"}").then_some(inner)
}

fn any_spelling(body: &str) -> Result<(String, bool), Malformed> {
    let malformed = |error: &dyn std::fmt::Display| Malformed::unanswerable(format!("envelope: {error}"));
    let mut scanner = Scanner::new(body);
    match scanner.peek() {
        Some(b'{') => {}
        Some(b'"' | b'[') => return Err(malformed(&"the body is no JSON object")),
        _ => return Err(malformed(&"the body is no JSON")),
    }
    let (mut version, mut message) = (None, None);
    scanner
        .members(|s, key| {
            let value = s.value()?;
            match key.name(body).as_ref() {
                "oslo.version" => version = Some(value),
                "oslo.message" => message = Some(value),
                _ => {}
            }
            Ok(())
        })
        .map_err(|error| malformed(&error))?;
    scanner.end().map_err(|error| malformed(&error))?;
    // As Python: without both keys it is a message of version 1.0, which has no envelope.
    let (Some(version), Some(message)) = (version, message) else { return Ok((body.to_owned(), true)) };
    let version = text(body, &version).ok_or_else(|| malformed(&"`oslo.version` is no text"))?;
    if !version.parse().is_ok_and(|version| VERSION.serves(version)) {
        let version: String = version.escape_debug().take(20).collect();
        return Err(malformed(&format_args!("version {version} is not supported, only 2.0")));
    }
    let escaped = body.as_bytes().get(message.range.start + 1..message.range.end).unwrap_or_default();
    if body.as_bytes().get(message.range.start) != Some(&b'"') {
        return Err(malformed(&"`oslo.message` is no text"));
    }
    let mut inner = Vec::new();
    read_string(escaped, LoneSurrogate::KeepEscape, &mut inner);
    owned(inner).map(|inner| (inner, false))
}

fn text(body: &str, found: &Found) -> Option<String> {
    let between = body.get(found.range.clone())?.strip_prefix('"')?.strip_suffix('"')?;
    Some(unquoted(between).into_owned())
}

fn owned(bytes: Vec<u8>) -> Result<String, Malformed> {
    String::from_utf8(bytes).map_err(|error| not_utf8(error.utf8_error()))
}

fn not_utf8(error: Utf8Error) -> Malformed {
    Malformed::unanswerable(format!("not UTF-8 at byte {}", error.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(inner: &str) -> String {
        let mut body = Vec::new();
        let mut writer = Writer::open(&mut body, inner.len());
        writer.json(inner);
        writer.close();
        String::from_utf8(body).unwrap()
    }

    #[test]
    fn the_envelope_is_what_python_writes() {
        assert_eq!(
            wrap(r#"{"a": "b\u00e9\"\\"}"#),
            r#"{"oslo.version": "2.0", "oslo.message": "{\"a\": \"b\\u00e9\\\"\\\\\"}"}"#
        );
    }

    #[test]
    fn what_is_written_is_read_back_by_us_and_by_serde_json() {
        for inner in ["{}", "{\"a\": \"é中😀 \\u0000 \\\\ \\\" \"}", "{\n\t\"a\":\r1}"] {
            let body = wrap(inner);
            let expected = inner.replace(['\n', '\t', '\r'], " ");
            let value: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(value["oslo.message"], expected);
            assert_eq!(as_python_writes_it(body.as_bytes()).unwrap(), expected.as_bytes());
            assert_eq!(open(body.as_bytes()).unwrap(), (expected, false));
        }
    }

    #[test]
    fn other_spellings_are_read() {
        for body in [
            r#"{"oslo.version":"2.0","oslo.message":"{\"a\":1}"}"#,
            r#" { "oslo.message" : "{\"a\":1}" , "oslo.version" : "2.0" } "#,
            r#"{"oslo.version": "2.0", "oslo.message": "{\"a\":1}", "oslo.extra": NaN}"#,
            r#"{"oslo.version": "2.0.0", "oslo.message": "\u007b\u0022a\":1}"}"#,
            r#"{"oslo\u002eversion": "2.0", "oslo.message": "{\"a\":1}"}"#,
            r#"{"a":1}"#,
        ] {
            let bare = body.starts_with(r#"{"a""#);
            assert_eq!(open(body.as_bytes()).unwrap(), (r#"{"a":1}"#.to_owned(), bare), "{body}");
        }
    }

    #[test]
    fn a_lone_surrogate_of_the_outer_text_stays_as_its_escape() {
        let body = br#"{"oslo.version": "2.0", "oslo.message": "{\"a\": \"\ud800\"}"}"#;
        assert_eq!(open(body).unwrap().0, r#"{"a": "\ud800"}"#);
    }
}
