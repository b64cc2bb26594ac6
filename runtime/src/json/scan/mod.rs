//! One pass over JSON text as Python writes it: checks the grammar, finds the members of an object, counts nesting, keys
//! and the things that serde_json would refuse or round. Builds nothing, never recurses.

mod nesting;
mod scalar;
#[cfg(test)]
mod tests;

use super::marks::marks_of_16;
use super::text::unquoted;
use nesting::Nesting;
use std::borrow::Cow;
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

/// Where a key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// The bytes between its quotes.
    pub(crate) range: Range<usize>,
    /// Whether an escape is among them.
    pub(crate) escaped: bool,
}

impl Key {
    /// The key's name; `text` is what was scanned.
    pub(crate) fn name<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let between = text.get(self.range.clone()).unwrap_or_default();
        if self.escaped { unquoted(between) } else { Cow::Borrowed(between) }
    }
}

/// A position in a text, moved forward by the methods.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// Containers entered by `members`.
    entered: usize,
    /// Containers open inside the current `value`.
    open: Nesting,
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
            open: Nesting::default(),
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
        self.depth = self.depth.max(self.entered + self.open.depth());
    }

    /// Behind a value, or in an empty container: closes what ends here. True when nothing is open any more, else the
    /// next value comes.
    fn close(&mut self) -> Result<bool, ScanError> {
        while let Some(object) = self.open.innermost() {
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
    #[inline(always)]
    pub(in crate::json) fn key(&mut self) -> Result<Key, ScanError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("a key in quotes"));
        }
        let key = self.string()?;
        self.keys += 1;
        self.take(b':', "`:`")?;
        Ok(key)
    }

    /// Reads a string from its opening quote, as if it were a key.
    // Inlined into the loop of `value`, a scan takes four fifths of the time.
    #[inline(always)]
    pub(in crate::json) fn string(&mut self) -> Result<Key, ScanError> {
        let start = self.at + 1;
        let mut at = start;
        let mut escaped = false;
        // Whether the last thing read was an escaped first half of a pair, and where it ended.
        let mut first_half = None;
        loop {
            while let Some(chunk) = self.text.get(at..).and_then(<[u8]>::first_chunk) {
                let marks = marks_of_16(chunk);
                at += marks.trailing_zeros() as usize;
                if marks != 0 {
                    break;
                }
            }
            self.at = at;
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => escaped = true,
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
        Ok(Key { range: start..at, escaped })
    }

    /// Reads one byte behind any space.
    pub(in crate::json) fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), ScanError> {
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

/// The number that four hex digits write.
pub(crate) fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    digits?.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
}
