//! Sets of characters and escapes of Python's regular expressions, written for Rust's.
//!
//! Rust nests sets and computes with them where Python takes the same text for plain members, so every member is written
//! by its number.

use std::iter::Peekable;
use std::str::Chars;

/// What a kind of characters (`\w`) is in Python, as members of a set in Rust. Python's words have no marks, its spaces
/// have four separators more.
pub(super) fn kind(letter: char) -> Option<&'static str> {
    Some(match letter {
        'd' => r"\d",
        'D' => r"\D",
        's' => r"\s\x1c-\x1f",
        'S' => r"[^\s\x1c-\x1f]",
        'w' => r"\p{L}\p{N}_",
        'W' => r"[^\p{L}\p{N}_]",
        _ => return None,
    })
}

/// The character that an escape stands for, in a set or outside; `c` is what follows the backslash.
pub(super) fn escaped(rest: &mut Peekable<Chars<'_>>, c: char) -> Result<char, String> {
    match c {
        'a' => Ok('\x07'),
        'f' => Ok('\x0c'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\x0b'),
        'x' => hexadecimal(rest, 2),
        'u' => hexadecimal(rest, 4),
        'U' => hexadecimal(rest, 8),
        'N' => Err("names of characters are not known here".to_owned()),
        '0' => octal(rest, c),
        c if c.is_ascii_alphanumeric() => Err(format!("Python has no escape `\\{c}` here")),
        c => Ok(c),
    }
}

/// Up to three octal digits, of which `first` is the first.
pub(super) fn octal(rest: &mut Peekable<Chars<'_>>, first: char) -> Result<char, String> {
    let mut number = first.to_digit(8).ok_or_else(|| format!("`\\{first}` is no octal number"))?;
    for _ in 0..2 {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
        number = number * 8 + digit;
        rest.next();
    }
    match number {
        0..=0o377 => Ok(char::from(number as u8)),
        _ => Err(format!("`\\{number:o}` is no character")),
    }
}

fn hexadecimal(rest: &mut Peekable<Chars<'_>>, digits: usize) -> Result<char, String> {
    let mut number = 0;
    for _ in 0..digits {
        let digit = rest.next().and_then(|c| c.to_digit(16));
        number = number << 4 | digit.ok_or_else(|| format!("an escape needs {digits} hexadecimal digits"))?;
    }
    char::from_u32(number).ok_or_else(|| format!("U+{number:04X} is no character"))
}

/// Reads a set behind its `[`.
pub(super) fn read(rest: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let unclosed = || "a set is not closed".to_owned();
    let mut set = String::from("[");
    if rest.next_if_eq(&'^').is_some() {
        set.push('^');
    }
    // A `]` that comes first is a member.
    let mut c = rest.next().ok_or_else(unclosed)?;
    loop {
        let first = member(rest, c)?;
        c = rest.next().ok_or_else(unclosed)?;
        if c == '-' {
            c = rest.next().ok_or_else(unclosed)?;
            if c == ']' {
                first.write(&mut set);
                Member::One('-').write(&mut set);
                break;
            }
            match (first, member(rest, c)?) {
                (Member::One(first), Member::One(last)) if first <= last => {
                    set.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(first), u32::from(last)));
                }
                _ => return Err("a range in a set does not go from one character up to another".to_owned()),
            }
            c = rest.next().ok_or_else(unclosed)?;
        } else {
            first.write(&mut set);
        }
        if c == ']' {
            break;
        }
    }
    set.push(']');
    Ok(set)
}

enum Member {
    One(char),
    Kind(&'static str),
}

impl Member {
    fn write(&self, set: &mut String) {
        match self {
            Self::One(c) => set.push_str(&format!("\\x{{{:x}}}", u32::from(*c))),
            Self::Kind(kind) => set.push_str(kind),
        }
    }
}

fn member(rest: &mut Peekable<Chars<'_>>, c: char) -> Result<Member, String> {
    if c != '\\' {
        return Ok(Member::One(c));
    }
    let c = rest.next().ok_or_else(|| "it ends with a backslash".to_owned())?;
    Ok(match c {
        'b' => Member::One('\x08'),
        '1'..='7' => Member::One(octal(rest, c)?),
        c => match kind(c) {
            Some(kind) => Member::Kind(kind),
            None => Member::One(escaped(rest, c)?),
        },
    })
}
