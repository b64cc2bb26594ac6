//! One pass over JSON text as Python writes it: checks the grammar, finds the members of an object, counts nesting, keys
//! and the things that serde_json would refuse or round. Builds nothing, never recurses.

use super::run::ordinary;
use std::fmt;
use std::ops::Range;

/// What Python writes and reads but plain JSON parsers refuse, round or cannot hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oddities {
    /// `NaN`, `Infinity`, `-Infinity`, and numbers beyond an `f64`.
    pub non_finite: u64,
    /// Integers that neither `i64` nor `u64` can hold.
    pub big_integers: u64,
    /// Escaped halves of a surrogate pair on their own.
    pub lone_surrogates: u64,
}

impl Oddities {
    /// All together.
    pub fn total(&self) -> u64 {
        self.non_finite + self.big_integers + self.lone_surrogates
    }
}

/// The text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanError {
    at: usize,
    expected: &'static str,
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid JSON at byte {}: expected {}", self.at, self.expected)
    }
}

/// Where a value stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bytes, without surrounding space.
    pub(crate) range: Range<usize>,
    /// Whether it holds an oddity, so that only the lenient reader may decode it.
    pub(crate) odd: bool,
}

/// Where a key stands: the bytes between its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) Range<usize>);

/// A position in a text, moved forward by the methods.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// Containers entered by `members`.
    entered: usize,
    /// Containers open inside the current `value`: true for an object.
    open: Vec<bool>,
    pub(crate) depth: usize,
    pub(crate) keys: usize,
    pub(crate) oddities: Oddities,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            entered: 0,
            open: Vec::new(),
            depth: 0,
            keys: 0,
            oddities: Oddities::default(),
        }
    }

    /// Reads a whole text as one value.
    pub(crate) fn whole(text: &'a str) -> Result<(Found, Self), ScanError> {
        let mut scanner = Self::new(text);
        let found = scanner.value()?;
        scanner.end()?;
        Ok((found, scanner))
    }

    /// The first byte of the value that comes next.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Nothing but space is left.
    pub(crate) fn end(&mut self) -> Result<(), ScanError> {
        self.peek().map_or(Ok(()), |_| Err(self.error("the end")))
    }

    /// Reads an object; `member` is called at each of its values and must read it.
    pub(crate) fn members(
        &mut self,
        mut member: impl FnMut(&mut Self, Key) -> Result<(), ScanError>,
    ) -> Result<Found, ScanError> {
        self.take(b'{', "an object")?;
        let start = self.at - 1;
        let before = self.oddities;
        self.entered += 1;
        self.depth = self.depth.max(self.entered);
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                let key = self.key()?;
                member(self, key)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => break self.at += 1,
                    _ => return Err(self.error("`,` or `}`")),
                }
            }
        }
        self.entered -= 1;
        Ok(Found { range: start..self.at, odd: before != self.oddities })
    }

    /// Reads an array; `element` is called at each of its values and must read it.
    pub(crate) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        self.take(b'[', "an array")?;
        self.entered += 1;
        self.depth = self.depth.max(self.entered);
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                element(self)?;
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => break self.at += 1,
                    _ => return Err(self.error("`,` or `]`")),
                }
            }
        }
        self.entered -= 1;
        Ok(())
    }

    /// Reads one value of any kind.
    pub(crate) fn value(&mut self) -> Result<Found, ScanError> {
        let mut next = self.peek();
        let start = self.at;
        let before = self.oddities;
        loop {
            match next {
                Some(b'{') => {
                    self.open(true);
                    if self.peek() != Some(b'}') {
                        self.key()?;
                        next = self.peek();
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(false);
                    next = self.peek();
                    if next != Some(b']') {
                        continue;
                    }
                }
                Some(b'"') => {
                    self.string()?;
                }
                _ => {
                    self.scalar()?;
                }
            }
            if self.close()? {
                return Ok(Found { range: start..self.at, odd: before != self.oddities });
            }
            next = self.peek();
        }
    }

    fn open(&mut self, object: bool) {
        self.at += 1;
        self.open.push(object);
        self.depth = self.depth.max(self.entered + self.open.len());
    }

    /// Behind a value, or in an empty container: closes what ends here. True when nothing is open any more, else the
    /// next value comes.
    fn close(&mut self) -> Result<bool, ScanError> {
        while let Some(&object) = self.open.last() {
            match (object, self.peek()) {
                (true, Some(b',')) => {
                    self.at += 1;
                    self.key()?;
                    return Ok(false);
                }
                (false, Some(b',')) => {
                    self.at += 1;
                    return Ok(false);
                }
                (true, Some(b'}')) | (false, Some(b']')) => {
                    self.at += 1;
                    self.open.pop();
                }
                (true, _) => return Err(self.error("`,` or `}`")),
                (false, _) => return Err(self.error("`,` or `]`")),
            }
        }
        Ok(true)
    }

    /// Reads a key and its colon.
    pub(super) fn key(&mut self) -> Result<Key, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("a key in quotes"));
        }
        let range = self.string()?;
        self.keys += 1;
        self.take(b':', "`:`")?;
        Ok(Key(range))
    }

    /// Reads a string from its opening quote; gives what is between the quotes.
    pub(super) fn string(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at + 1;
        let mut at = start;
        // Whether the last thing read was an escaped first half of a pair, and where it ended.
        let mut first_half = None;
        loop {
            while let Some(chunk) = self.text.get(at..).and_then(<[u8]>::first_chunk) {
                let run = ordinary(*chunk);
                at += run;
                if run < 8 {
                    break;
                }
            }
            self.at = at;
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {}
                // Only among the last few bytes of the text.
                Some(b' '..) => {
                    at += 1;
                    continue;
                }
                Some(_) => return Err(self.error("no control character in a string")),
                None => return Err(self.error("the end of the string")),
            }
            match self.text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at += 2,
                Some(b'u') => {
                    let unit =
                        hex4(self.text.get(at + 2..at + 6)).ok_or_else(|| self.error("four hex digits"))?;
                    match unit {
                        0xD800..=0xDBFF => {
                            // Counted now, taken back if its second half follows.
                            self.oddities.lone_surrogates += 1;
                            first_half = Some(at + 6);
                        }
                        0xDC00..=0xDFFF if first_half == Some(at) => self.oddities.lone_surrogates -= 1,
                        0xDC00..=0xDFFF => self.oddities.lone_surrogates += 1,
                        _ => {}
                    }
                    if !matches!(unit, 0xD800..=0xDBFF) {
                        first_half = None;
                    }
                    at += 6;
                }
                _ => return Err(self.error("a known escape")),
            }
        }
        self.at = at + 1;
        Ok(start..at)
    }

    /// Reads a number or a literal; gives where it stands.
    pub(super) fn scalar(&mut self) -> Result<Range<usize>, ScanError> {
        let start = self.at;
        match self.text.get(self.at) {
            Some(b'-' | b'0'..=b'9') if !self.rest().starts_with(b"-I") => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'N' | b'I' | b'-') => {
                self.oddities.non_finite += 1;
                let word: &[u8] = match self.text.get(self.at) {
                    Some(b'N') => b"NaN",
                    Some(b'I') => b"Infinity",
                    _ => b"-Infinity",
                };
                self.word(word)
            }
            _ => Err(self.error("a value")),
        }?;
        Ok(start..self.at)
    }

    fn word(&mut self, word: &'static [u8]) -> Result<(), ScanError> {
        if !self.rest().starts_with(word) {
            return Err(self.error("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Result<(), ScanError> {
        let start = self.at;
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && self.text.get(self.at - whole) == Some(&b'0') {
            self.at -= whole - 1;
            return Err(self.error("no digit after a leading zero"));
        }
        let mut integer = true;
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
            integer = false;
        }
        let mut exponent = 0;
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            exponent = self.digits()?;
            integer = false;
        }
        if integer && whole > 18 && !fits(&self.text[start..self.at]) {
            self.oddities.big_integers += 1;
        } else if !integer && (whole > 200 || exponent > 2) && !is_finite(&self.text[start..self.at]) {
            self.oddities.non_finite += 1;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<usize, ScanError> {
        let count = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Err(self.error("a digit"));
        }
        self.at += count;
        Ok(count)
    }

    /// Reads one byte behind any space.
    pub(super) fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), ScanError> {
        if self.peek() != Some(byte) {
            return Err(self.error(expected));
        }
        self.at += 1;
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, expected: &'static str) -> ScanError {
        ScanError { at: self.at, expected }
    }
}

/// Whether an integer's digits fit what serde_json reads exactly.
fn fits(digits: &[u8]) -> bool {
    std::str::from_utf8(digits).is_ok_and(|text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
}

/// Whether an `f64` holds a number; asked only of those that are long enough to be beyond one.
fn is_finite(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|text| text.parse().is_ok_and(f64::is_finite))
}

/// The number that four hex digits write.
pub(crate) fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Result<(Found, Scanner<'_>), ScanError> {
        Scanner::whole(text)
    }

    #[test]
    fn takes_what_serde_json_takes() {
        for text in [
            "null",
            " true ",
            "0",
            "-0",
            "1.5e-7",
            "[]",
            "{}",
            "[1,[2,{}],\"x\"]",
            r#"{"a":{"b":[]},"c":""}"#,
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
            assert!(!whole(text).unwrap().0.odd, "{text}");
        }
    }

    #[test]
    fn refuses_what_serde_json_refuses() {
        for text in [
            "",
            " ",
            "nul",
            "01",
            "-",
            "1.",
            "1e",
            "[1,]",
            "[",
            "]",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "\"",
            "1 2",
            "[1}",
            "{\"a\":1]",
            "-NaN",
            "\u{feff}1",
            "'a'",
        ] {
            assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
            assert!(whole(text).is_err(), "{text}");
        }
    }

    #[test]
    fn b08_oddities_are_counted_by_kind() {
        let text = r#"[NaN, -Infinity, Infinity, 1e400, 1180591620717411303424, 18446744073709551615, "\ud83d\ude00",
                      "\ud800", "\udc00\ud800", "\ud800\ud83d\ude00", -9223372036854775808, -9223372036854775809]"#;
        let (found, scanner) = whole(text).unwrap();
        assert!(found.odd);
        assert_eq!(scanner.oddities, Oddities { non_finite: 4, big_integers: 2, lone_surrogates: 4 });
    }

    #[test]
    fn b08_small_and_large_floats_are_ordinary_until_an_f64_cannot_hold_them() {
        for (text, non_finite) in [
            ("1e-100".to_owned(), 0),
            ("1.5e+0300".to_owned(), 0),
            (format!("0.{}", "0".repeat(400)), 0),
            (format!("{}e99", "9".repeat(250)), 1),
            ("1e309".to_owned(), 1),
            (format!("{}.0", "9".repeat(310)), 1),
        ] {
            assert_eq!(whole(&text).unwrap().1.oddities.non_finite, non_finite, "{text}");
        }
    }

    #[test]
    fn depth_and_keys_are_counted_without_a_stack() {
        let text = format!("{}1{}", "{\"a\":[".repeat(50_000), "]}".repeat(50_000));
        let (_, scanner) = whole(&text).unwrap();
        assert_eq!((scanner.depth, scanner.keys), (100_000, 50_000));
    }

    #[test]
    fn members_give_keys_values_and_their_own_oddity() {
        let text = r#" { "a" : [1, {"b": 2}] , "c": {"d": NaN}, "e": "x" } "#;
        let mut scanner = Scanner::new(text);
        let mut seen = Vec::new();
        scanner
            .members(|s, key| {
                let found = s.value()?;
                seen.push((&text[key.0], &text[found.range], found.odd));
                Ok(())
            })
            .unwrap();
        scanner.end().unwrap();
        assert_eq!(
            seen,
            [("a", r#"[1, {"b": 2}]"#, false), ("c", r#"{"d": NaN}"#, true), ("e", r#""x""#, false)]
        );
        assert_eq!((scanner.depth, scanner.keys), (3, 5));
    }
}
