//! Reads Python's regular expressions, a token at a time, and writes each token as Rust's `regex` has it.
//!
//! What the two take differently without saying so is translated here or refused.

use super::class;
use std::iter::Peekable;
use std::str::Chars;

/// A piece of a pattern, written for Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Something that can be repeated.
    Atom(String),
    /// A place: word boundary, start, end. Python does not let it be repeated.
    Place(&'static str),
    /// `$` where lines do not count: the end, or before a newline at the end.
    End,
    /// The beginning of a group.
    Open(String),
    /// The end of a group.
    Close,
    /// Between two alternatives.
    Or,
    /// A repetition.
    Repeat { text: String, most: Option<u32> },
}

/// Reads one pattern.
pub(super) struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    pub(super) tokens: Vec<Token>,
    /// Whether `$` and `^` are about lines, here and in the groups around.
    lines: Vec<bool>,
    /// Flags for the whole pattern.
    pub(super) flags: String,
}

impl<'a> Reader<'a> {
    pub(super) fn new(pattern: &'a str) -> Self {
        Self {
            rest: pattern.chars().peekable(),
            tokens: Vec::new(),
            lines: vec![false],
            flags: String::new(),
        }
    }

    pub(super) fn read(mut self) -> Result<Self, String> {
        while let Some(c) = self.rest.next() {
            let token = match c {
                '\\' => self.escape()?,
                '[' => Token::Atom(class::read(&mut self.rest)?),
                '(' => match self.open()? {
                    Some(token) => token,
                    None => continue,
                },
                ')' => self.close()?,
                '|' => Token::Or,
                '.' => Token::Atom(".".to_owned()),
                '^' => Token::Place("^"),
                '$' if self.lines.last() == Some(&true) => Token::Place("$"),
                '$' => Token::End,
                '*' => self.repeat(0, None)?,
                '+' => self.repeat(1, None)?,
                '?' => self.repeat(0, Some(1))?,
                '{' => match self.bounds() {
                    Some((least, most)) => self.repeat(least, most)?,
                    None => Token::Atom(literal('{')),
                },
                c => Token::Atom(literal(c)),
            };
            self.tokens.push(token);
        }
        if self.lines.len() > 1 { Err("a group is not closed".to_owned()) } else { Ok(self) }
    }

    fn escape(&mut self) -> Result<Token, String> {
        let Some(c) = self.rest.next() else { return Err("it ends with a backslash".to_owned()) };
        Ok(match c {
            'A' => Token::Place("\\A"),
            'Z' => Token::Place("\\z"),
            'b' => Token::Place("\\b"),
            'B' => Token::Place("\\B"),
            '1'..='9' => {
                let digits: String = std::iter::once(c).chain(self.rest.clone().take(2)).collect();
                let octal = digits.len() == 3 && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
                if !octal {
                    return Err("Rust's `regex` has no references to groups".to_owned());
                }
                Token::Atom(literal(class::octal(&mut self.rest, c)?))
            }
            c => match class::kind(c) {
                Some(kind) => Token::Atom(format!("[{kind}]")),
                None => Token::Atom(literal(class::escaped(&mut self.rest, c)?)),
            },
        })
    }

    /// Reads a group's beginning behind its `(`; none for flags and comments.
    fn open(&mut self) -> Result<Option<Token>, String> {
        let lines = self.lines.last().copied().unwrap_or_default();
        if self.rest.next_if_eq(&'?').is_none() {
            self.lines.push(lines);
            return Ok(Some(Token::Open("(?:".to_owned())));
        }
        match self.rest.next() {
            Some(':') => {
                self.lines.push(lines);
                Ok(Some(Token::Open("(?:".to_owned())))
            }
            Some('P') => match self.rest.next() {
                Some('<') => {
                    if !self.rest.any(|c| c == '>') {
                        return Err("a group's name does not end".to_owned());
                    }
                    self.lines.push(lines);
                    // What groups are called does not matter: nobody asks.
                    Ok(Some(Token::Open("(?:".to_owned())))
                }
                _ => Err("Rust's `regex` has no references to groups".to_owned()),
            },
            Some('#') => match self.rest.any(|c| c == ')') {
                true => Ok(None),
                false => Err("a comment does not end".to_owned()),
            },
            Some('=' | '!' | '<') => Err("Rust's `regex` does not look around".to_owned()),
            Some('>') => Err("Rust's `regex` has no atomic groups".to_owned()),
            Some('(') => Err("Rust's `regex` has no conditions".to_owned()),
            first => self.flags(first, lines),
        }
    }

    /// Reads flags, for a group or for all.
    fn flags(&mut self, first: Option<char>, lines: bool) -> Result<Option<Token>, String> {
        let (mut text, mut lines, mut on) = (String::new(), lines, true);
        let mut flag = first;
        loop {
            match flag {
                Some(c @ ('i' | 'm' | 's')) => {
                    text.push(c);
                    lines = if c == 'm' { on } else { lines };
                }
                // Texts are Unicode in any case.
                Some('u') if on => {}
                Some('-') if on => {
                    text.push('-');
                    on = false;
                }
                Some(':') => {
                    self.lines.push(lines);
                    return Ok(Some(Token::Open(format!("(?{text}:"))));
                }
                Some(')') if on => {
                    if !self.tokens.is_empty() {
                        return Err("flags for the whole must stand at the start".to_owned());
                    }
                    self.lines = vec![lines];
                    self.flags.push_str(&text);
                    return Ok(None);
                }
                Some(c) => return Err(format!("`{c}` is no flag that can be translated; `i`, `m`, `s` are")),
                None => return Err("a group is not closed".to_owned()),
            }
            flag = self.rest.next();
        }
    }

    fn close(&mut self) -> Result<Token, String> {
        if self.lines.len() == 1 {
            return Err("a `)` has no `(`".to_owned());
        }
        self.lines.pop();
        Ok(Token::Close)
    }

    /// Reads the numbers behind `{`; none where it means itself.
    fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let mut ahead = self.rest.clone();
        let number = |ahead: &mut Peekable<Chars<'_>>| {
            let mut digits = String::new();
            while let Some(digit) = ahead.next_if(char::is_ascii_digit) {
                digits.push(digit);
            }
            digits
        };
        let least = number(&mut ahead);
        let most = match ahead.next_if_eq(&',') {
            Some(_) => number(&mut ahead),
            None if least.is_empty() => return None,
            None => least.clone(),
        };
        ahead.next_if_eq(&'}')?;
        self.rest = ahead;
        // A number beyond u32 is beyond what can be compiled; so is the largest.
        let bound = |digits: &str| digits.parse().unwrap_or(u32::MAX);
        let least = if least.is_empty() { 0 } else { bound(&least) };
        Some((least, (!most.is_empty()).then(|| bound(&most))))
    }

    /// A repetition of the last token.
    fn repeat(&mut self, least: u32, most: Option<u32>) -> Result<Token, String> {
        match self.tokens.last() {
            Some(Token::Atom(_) | Token::Close) => {}
            Some(Token::Repeat { .. }) => return Err("something is repeated twice".to_owned()),
            _ => return Err("there is nothing to repeat".to_owned()),
        }
        let mut text = match most {
            Some(most) if most < least => {
                return Err("a repetition's bounds are the wrong way round".to_owned());
            }
            Some(most) => format!("{{{least},{most}}}"),
            None => format!("{{{least},}}"),
        };
        if self.rest.next_if_eq(&'+').is_some() {
            return Err("Rust's `regex` has no possessive repetitions".to_owned());
        }
        if self.rest.next_if_eq(&'?').is_some() {
            text.push('?');
        }
        Ok(Token::Repeat { text, most })
    }
}

/// A character that means itself.
fn literal(c: char) -> String {
    if c.is_alphanumeric() { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }
}
