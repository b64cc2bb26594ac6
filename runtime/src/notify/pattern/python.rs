//! Python's regular expressions over Rust's `regex`: the same answers, or a refusal when they are made.

use super::tokens::{Reader, Token};
use regex::Regex;

/// A regular expression of Python's that must match a text at its start, as `re.match` does.
///
/// One difference is left: at the edges of words (`\b`) Rust counts combining marks as parts of words.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Regex);

/// A pattern that is none of Python's, or that Rust's `regex` cannot express.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct PatternError(pub(crate) String);

impl Pattern {
    pub(crate) fn new(pattern: &str) -> Result<Self, PatternError> {
        let text = translate(pattern).map_err(PatternError)?;
        let regex = Regex::new(&text).map_err(|error| {
            // The other lines show the translated text, which nobody has written.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            PatternError(last.trim_start_matches("error: ").to_owned())
        })?;
        Ok(Self(regex))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

fn translate(pattern: &str) -> Result<String, String> {
    let Reader { tokens, flags, .. } = Reader::new(pattern).read()?;
    let mut text = String::from(r"\A(?");
    text.push_str(&flags);
    text.push(':');
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Atom(part) | Token::Open(part) | Token::Repeat { text: part, .. } => text.push_str(part),
            Token::Place(place) => text.push_str(place),
            Token::Close => text.push(')'),
            Token::Or => text.push('|'),
            // Taking the newline is the same as looking at it, since only whether it matches is asked; but only where
            // nothing else could want it.
            Token::End if ends(tokens.get(at + 1..).unwrap_or_default()) => text.push_str(r"\n?\z"),
            Token::End => return Err("`$` is not the end here; `\\Z` could be meant".to_owned()),
        }
    }
    text.push(')');
    Ok(text)
}

/// Whether nothing can match behind the place where `rest` follows.
fn ends(rest: &[Token]) -> bool {
    let mut depth = 0_usize;
    // Inside of another alternative, which is not behind this place.
    let mut beside = false;
    for token in rest {
        match token {
            Token::Open(_) if beside => depth += 1,
            Token::Close if depth > 0 => depth -= 1,
            Token::Close => beside = false,
            Token::Or => beside = true,
            Token::Repeat { most: Some(0 | 1), .. } => {}
            _ if beside => {}
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Python 3.11's `re.match`.
    #[test]
    fn patterns_mean_what_they_mean_in_python() {
        for (pattern, text, matches) in [
            ("", "", true),
            ("", "a", true),
            (r"compute\.instance", "compute.instance.create", true),
            ("instance", "compute.instance.create", false),
            (r".*\.end", "compute.instance.create.end", true),
            ("a|b", "bc", true),
            ("^a", "ab", true),
            ("a$", "a", true),
            ("a$", "a\n", true),
            ("a$", "a\nb", false),
            ("a$", "a\n\n", false),
            (r"a\Z", "a\n", false),
            (r"a\Z", "a", true),
            ("(a$|b)", "a\n", true),
            ("(a$|b(c|d))?", "a\n", true),
            ("a$|b", "b", true),
            ("(?:a$)|bc", "a\n", true),
            ("(?m)a$", "a\nb", true),
            ("(?m:a$)", "a\nb", true),
            ("(?m)a$\n^b", "a\nb", true),
            ("(?-m:a$)", "a\nb", false),
            ("a.b", "a\nb", false),
            ("(?s)a.b", "a\nb", true),
            ("(?s:a.)b", "a\nb", true),
            ("(?i)COMPUTE", "compute", true),
            ("(?i:C)ompute", "compute", true),
            ("(?i:C)Ompute", "compute", false),
            ("(?u)a(?#a comment)b", "ab", true),
            ("(?P<name>a)b", "ab", true),
            ("a{2}", "aa", true),
            (r"a{2}\Z", "aaa", false),
            (r"a{,2}\Z", "aa", true),
            (r"a{,2}\Z", "aaa", false),
            (r"a{2,}\Z", "aaa", true),
            (r"a{,}\Z", "aaa", true),
            (r"a{}\Z", "a{}", true),
            (r"a{x}\Z", "a{x}", true),
            (r"a{1\Z", "a{1", true),
            (r"{a}\Z", "{a}", true),
            (r"\b{start}", "{start}", false),
            (r"a*?b", "aab", true),
            (r"[]a]\Z", "]", true),
            (r"[^]a]\Z", "b", true),
            (r"[^]a]\Z", "]", false),
            (r"[[:alpha:]]\Z", "a]", true),
            (r"[[:alpha:]]\Z", "b", false),
            (r"[[]\Z", "[", true),
            (r"[a&&b]\Z", "&", true),
            (r"[+--]\Z", ",", true),
            (r"[a~~b]\Z", "~", true),
            (r"[-a]\Z", "-", true),
            (r"[a-]\Z", "-", true),
            (r"[a-c-e]\Z", "-", true),
            (r"[a-c-e]\Z", "d", false),
            (r"[\w-]\Z", "-", true),
            (r"[\w.-]+\Z", "a.b-c_é", true),
            (r"[\]\-]\Z", "]", true),
            (r"[\b]\Z", "\u{8}", true),
            (r"[\1]\Z", "\u{1}", true),
            (r"[#]\Z", "#", true),
            (r"\d\Z", "٣", true),
            (r"\w\Z", "²", true),
            (r"\w\Z", "\u{301}", false),
            (r"\W\Z", "\u{301}", true),
            (r"\w\Z", "‿", false),
            (r"\s\Z", "\u{1c}", true),
            (r"\S\Z", "\u{1c}", false),
            (r"[\S]\Z", "\u{1c}", false),
            (r"[^\s]\Z", "\u{1c}", false),
            (r"[^\W]\Z", "a", true),
            (r"\s\Z", "\u{a0}", true),
            (r"\<a\>", "<a>", true),
            (r"\/\-\ \#\é", "/- #é", true),
            (r"\x41\u0042\U00000043", "ABC", true),
            (r"\101\0", "A\0", true),
            (r"\t\n\r\f\v\a", "\t\n\r\x0c\x0b\x07", true),
            ("a b#c", "a b#c", true),
            ("é+", "éé", true),
        ] {
            let translated = Pattern::new(pattern).unwrap_or_else(|error| panic!("{pattern:?}: {error}"));
            assert_eq!(translated.matches(text), matches, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn what_rust_cannot_express_is_refused() {
        for (pattern, reason) in [
            ("(?=a)", "look around"),
            ("(?<!a)b", "look around"),
            (r"(a)\1", "references"),
            ("(?P<a>a)(?P=a)", "references"),
            ("(?>a)", "atomic"),
            ("(a)?(?(1)b|c)", "conditions"),
            ("a*+", "possessive"),
            ("(?x)a b", "`x` is no flag"),
            ("(?a)a", "`a` is no flag"),
            (r"\N{DIGIT ONE}", "names of characters"),
            (r"\ud800", "no character"),
            (r"a$\n", "`$` is not the end"),
            ("(a$|b)+", "`$` is not the end"),
            ("(a$)b", "`$` is not the end"),
            ("a{1000000}", "size"),
        ] {
            let error = Pattern::new(pattern).unwrap_err().to_string();
            assert!(error.contains(reason), "{pattern:?}: {error}");
        }
    }

    /// Rust takes some of these, with another meaning.
    #[test]
    fn what_python_does_not_take_is_refused() {
        for pattern in [
            "a**", "a{1}{2}", "*a", "(*a)", "|*", "^*", r"\b+", "(", ")", "(?", "(?P<a", "(?#a", "[a", "[]",
            "[^", "a\\", r"\p{L}", r"\z", r"\q", r"\8", r"[\Z]", r"[\8]", "[b-a]", "[a--]", r"[\w-a]",
            r"[a-\w]", "a{2,1}", "a(?i)b", r"\x4", r"\x{41}", r"\777", "(?<a>b)",
        ] {
            assert!(Pattern::new(pattern).is_err(), "{pattern:?}");
        }
    }
}
