//! Globs with the meaning of Python's `fnmatch.fnmatchcase`.

use std::str::Chars;

/// A glob that a whole text must match: `*` is any text, `?` any character, `[seq]` and `[!seq]` one character of a set or
/// outside of it. Case matters. Every text is a glob: a `[` without its `]` means itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text,
    One,
    Is(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Text | Self::One => true,
            Self::Is(wanted) => *wanted == c,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&c)) != *negated
            }
        }
    }
}

impl Glob {
    pub(crate) fn new(glob: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = glob.chars();
        while let Some(c) = rest.next() {
            let part = match c {
                '*' if parts.last() == Some(&Part::Text) => continue,
                '*' => Part::Text,
                '?' => Part::One,
                '[' => match set(rest.as_str()) {
                    Some((part, after)) => {
                        rest = after.chars();
                        part
                    }
                    None => Part::Is('['),
                },
                c => Part::Is(c),
            };
            parts.push(part);
        }
        Self(parts)
    }

    /// Whether the whole of `text` matches. Takes at most the product of both lengths.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let (mut at, mut rest) = (0, text.chars());
        // Where to go on when what follows the last `*` does not fit: behind it, with one character more taken by it.
        let mut retry: Option<(usize, Chars<'_>)> = None;
        loop {
            let part = self.0.get(at);
            let ahead = rest.clone().next();
            match (part, ahead) {
                (None, None) => return true,
                (Some(Part::Text), _) => {
                    at += 1;
                    retry = Some((at, rest.clone()));
                    continue;
                }
                (Some(part), Some(c)) if part.takes(c) => {
                    at += 1;
                    rest.next();
                    continue;
                }
                _ => {}
            }
            let Some((behind, taken)) = &mut retry else { return false };
            if taken.next().is_none() {
                return false;
            }
            (at, rest) = (*behind, taken.clone());
        }
    }
}

/// Reads a set behind its `[`: the set and what follows it, or none where it is not closed.
fn set(text: &str) -> Option<(Part, &str)> {
    let negated = text.starts_with('!');
    let inner = if negated { &text[1..] } else { text };
    // A `]` that comes first is a member.
    let first = usize::from(inner.starts_with(']'));
    let end = first + inner.get(first..)?.find(']')?;
    let (inner, after) = (inner.get(..end)?, inner.get(end + 1..)?);
    let mut ranges = Vec::new();
    let mut members = inner.chars();
    while let Some(member) = members.next() {
        let mut ahead = members.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                // One whose ends are the wrong way round holds nothing, as in Python.
                ranges.push((member, last));
                members = ahead;
            }
            _ => ranges.push((member, member)),
        }
    }
    Some((Part::Set { negated, ranges }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of Python 3.11's `fnmatch.fnmatchcase`.
    #[test]
    fn globs_mean_what_they_mean_in_python() {
        for (glob, text, matches) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a\nb", true),
            ("compute.instance.*", "compute.instance.create.end", true),
            ("compute.instance.*", "compute.instance", false),
            ("*.end", "compute.instance.create.end", true),
            ("*.end", "compute.instance.create.end.", false),
            ("*.*.end", "a.end", false),
            ("a*b*c", "axbxbxc", true),
            ("a**c", "ac", true),
            ("a?c", "abc", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("Compute.*", "compute.x", false),
            ("a", "a\n", false),
            ("[ab]c", "bc", true),
            ("[!ab]c", "bc", false),
            ("[!ab]c", "cc", true),
            ("[a-c]", "b", true),
            ("[c-a]", "b", false),
            ("[!c-a]", "b", true),
            ("[a-]", "-", true),
            ("[-a]", "-", true),
            ("[a-c-e]", "-", true),
            ("[a-c-e]", "d", false),
            ("[]]", "]", true),
            ("[]-a]", "^", true),
            ("[!]]", "]", false),
            ("[!]", "[!]", true),
            ("[]", "[]", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("a[", "a[", true),
            ("[^a]", "^", true),
            ("[^a]", "a", true),
            ("[[]", "[", true),
            ("[a&&b]", "&", true),
            ("[\\]", "\\", true),
            ("a.c", "abc", false),
            ("(a)+", "(a)+", true),
        ] {
            assert_eq!(Glob::new(glob).matches(text), matches, "{glob:?} on {text:?}");
        }
    }

    #[test]
    fn many_stars_end_soon() {
        let glob = Glob::new(&"a*".repeat(200));
        assert!(!glob.matches(&("a".repeat(199) + &"b".repeat(2_000))));
    }
}
