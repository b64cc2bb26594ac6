//! `$option`, `${option}` and `$group.option` in values, as oslo.config replaces them.

use super::file::DEFAULT;
use super::sources::Sources;

/// What a reference in a value gives.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nothing of this name is set or has a default.
    Unset(String),
    /// It refers to itself, through others or not.
    Circular,
}

/// Deeper chains of references are taken for circles.
const DEEPEST: usize = 16;

/// Replaces the references in `text`, a value of `group`. `$$` and `\$` stand for a plain `$`, as does a `$` that no
/// name follows. Options that nothing sets have the value that `default` gives.
pub(super) fn substitute(
    text: &str,
    group: &str,
    sources: &Sources,
    default: &dyn Fn(&str, &str) -> Option<String>,
) -> Result<String, Problem> {
    expand(text, group, &|group, name| resolve(group, name, sources, default, DEEPEST))
}

fn resolve(
    group: &str,
    name: &str,
    sources: &Sources,
    default: &dyn Fn(&str, &str) -> Option<String>,
    depth: usize,
) -> Result<String, Problem> {
    let value_of = |group: &str, name: &str| match sources.find(&[(group, name)]) {
        Some(_) if depth == 0 => Some(Err(Problem::Circular)),
        Some(found) => {
            Some(expand(found.text, group, &|group, name| resolve(group, name, sources, default, depth - 1)))
        }
        None => default(group, name).map(Ok),
    };
    // `$a` is looked up in the value's own group, `$a.b` in group `a`; then either in DEFAULT.
    let own = match name.split_once('.') {
        Some((group, name)) => value_of(group, name),
        None => value_of(group, name),
    };
    own.or_else(|| value_of(DEFAULT, name)).unwrap_or_else(|| Err(Problem::Unset(name.to_owned())))
}

fn expand(
    text: &str,
    group: &str,
    lookup: &dyn Fn(&str, &str) -> Result<String, Problem>,
) -> Result<String, Problem> {
    let text = text.replace("\\$", "$$");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let braced = after.strip_prefix('{').and_then(|after| {
            let (name, rest) = after.split_at(name_length(after));
            rest.strip_prefix('}').filter(|_| !name.is_empty()).map(|rest| (name, rest))
        });
        let (name, left) = braced.unwrap_or_else(|| after.split_at(name_length(after)));
        if name.is_empty() {
            out.push('$');
        } else {
            out.push_str(&lookup(group, name)?);
        }
        rest = left;
    }
    out.push_str(rest);
    Ok(out)
}

/// How many bytes of `text` are a name: a letter or `_`, then also digits and dots.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(pairs: &[(&str, &str)]) -> Sources {
        let environment =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Sources { environment, files: Vec::new() }
    }

    #[test]
    fn references_are_replaced_as_in_python() {
        let sources = with(&[
            ("OS_DEFAULT__A", "A"),
            ("OS_DEFAULT__C", "$a$$"),
            ("OS_RABBIT__A", "local"),
            ("OS_RABBIT__B", "B"),
        ]);
        let default = |_: &str, name: &str| (name == "n").then(|| "5".to_owned());
        for (text, expected) in [
            ("p$$w", "p$w"),
            ("p\\$w", "p$w"),
            ("$a", "A"),
            ("${a}x", "Ax"),
            ("$c", "A$"),
            ("$n", "5"),
            ("$rabbit.b-${rabbit.b}", "B-B"),
            ("$", "$"),
            ("p$ x", "p$ x"),
            ("$1", "$1"),
            ("cost$", "cost$"),
            ("${", "${"),
            ("${a", "${a"),
            ("a.b", "a.b"),
        ] {
            assert_eq!(substitute(text, DEFAULT, &sources, &default).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(substitute("$a", "rabbit", &sources, &default).as_deref(), Ok("local"));
        assert_eq!(substitute("$c", "rabbit", &sources, &default).as_deref(), Ok("A$"));
        for text in ["p$word", "p$a.", "$nope.x", "$a.b"] {
            assert!(
                matches!(substitute(text, DEFAULT, &sources, &default), Err(Problem::Unset(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn a_circle_is_found() {
        let sources = with(&[("OS_DEFAULT__A", "$b"), ("OS_DEFAULT__B", "$a")]);
        assert_eq!(substitute("$a", DEFAULT, &sources, &|_, _| None), Err(Problem::Circular));
    }

    proptest! {
        #[test]
        fn text_without_a_name_after_a_dollar_stays(text in "[a-z $.0-9{}\\\\é]{0,20}") {
            let _ = substitute(&text, DEFAULT, &Sources::default(), &|_, _| None);
            let text = text.replace('$', "");
            prop_assert_eq!(substitute(&text, DEFAULT, &Sources::default(), &|_, _| None), Ok(text));
        }
    }
}
