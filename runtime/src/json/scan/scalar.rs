//! Numbers and literals: their grammar, and which of them a reader of JSON cannot hold.

use super::{ScanError, Scanner};
use std::ops::Range;

impl Scanner<'_> {
    /// Reads a number or a literal; gives where it stands.
    pub(in crate::json) fn scalar(&mut self) -> Result<Range<usize>, ScanError> {
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
}

/// Whether an integer's digits fit what serde_json reads exactly.
fn fits(digits: &[u8]) -> bool {
    std::str::from_utf8(digits).is_ok_and(|text| text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok())
}

/// Whether an `f64` holds a number; asked only of those that are long enough to be beyond one.
fn is_finite(number: &[u8]) -> bool {
    std::str::from_utf8(number).is_ok_and(|text| text.parse().is_ok_and(f64::is_finite))
}
