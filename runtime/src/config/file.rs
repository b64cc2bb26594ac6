//! Reads one configuration file as oslo.config does: text to assignments. Knows no option.
//!
//! The first of `:` and `=` parts key and value; comments stand at the start of a line only; an indented line goes on
//! with the value before it; one pair of equal quotes around a first line's value is taken off.

/// `key = value` under a `[group]`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// In lower case, except `DEFAULT`.
    pub(super) group: String,
    pub(super) key: String,
    /// Continuation lines are joined by newlines.
    pub(super) value: String,
    /// Line of the key, counted from 1.
    pub(super) line: usize,
}

/// A line that is none. Does not hold it: it may be a part of a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) problem: &'static str,
}

/// The group that options without one belong to; the only one whose case matters.
pub(super) const DEFAULT: &str = "DEFAULT";

pub(super) fn parse(text: &str) -> Result<Vec<Assignment>, SyntaxError> {
    let mut assignments: Vec<Assignment> = Vec::new();
    let mut group = None;
    // Whether the last assignment takes continuation lines.
    let mut open = false;
    for (line, text) in text.replace("\r\n", "\n").split(['\n', '\r']).map(str::trim_end).zip(1..).map(swap) {
        let error = |problem| Err(SyntaxError { line, problem });
        if text.is_empty() {
            open = false;
        } else if text.starts_with([' ', '\t']) {
            let Some(assignment) = assignments.last_mut().filter(|_| open) else {
                return error("is indented, but there is no value before it to go on with");
            };
            assignment.value.push('\n');
            assignment.value.push_str(text.trim_start());
        } else if let Some(name) = text.strip_prefix('[') {
            open = false;
            let Some(name) = name.strip_suffix(']') else {
                return error("starts a group but does not end with `]`");
            };
            if name.is_empty() {
                return error("starts a group without a name");
            }
            group = Some(if name == DEFAULT { name.to_owned() } else { name.to_lowercase() });
        } else if text.starts_with(['#', ';']) {
            open = false;
        } else {
            let Some((key, value)) = text.split_once([':', '=']) else {
                return error("is no `key = value`, no `[group]` and no comment");
            };
            let Some(group) = &group else {
                return error("stands before the first `[group]`");
            };
            let key = key.trim();
            if key.is_empty() {
                return error("has no key");
            }
            let value = unquote(value.trim()).to_owned();
            assignments.push(Assignment { group: group.clone(), key: key.to_owned(), value, line });
            open = true;
        }
    }
    Ok(assignments)
}

fn swap<A, B>((a, b): (A, B)) -> (B, A) {
    (b, a)
}

/// Takes off one pair of equal quotes; a single quote is nothing, as in Python.
fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.strip_suffix(quote).unwrap_or(if rest.is_empty() { "" } else { value });
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(text: &str) -> Vec<(String, String, String)> {
        let assignments = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"));
        assignments.into_iter().map(|a| (a.group, a.key, a.value)).collect()
    }

    #[test]
    fn values_are_taken_as_oslo_config_takes_them() {
        for (line, key, value) in [
            ("k = v", "k", "v"),
            ("k : x=y", "k", "x=y"),
            ("k=x:y", "k", "x:y"),
            ("k\t=\tv \t", "k", "v"),
            ("k =", "k", ""),
            ("k = \"quoted\"", "k", "quoted"),
            ("k = 'q'", "k", "q"),
            ("k = \"a", "k", "\"a"),
            ("k = \"x\" y", "k", "\"x\" y"),
            ("k = \"", "k", ""),
            ("k = \"\"", "k", ""),
            ("k = a # no comment", "k", "a # no comment"),
            ("k = a;b", "k", "a;b"),
            ("k = a\n b\n\t c", "k", "a\nb\nc"),
            ("k = \n x", "k", "\nx"),
            ("k = v\r\n", "k", "v"),
            ("# c\nk = v\n; c", "k", "v"),
        ] {
            let read = values(&format!("[DEFAULT]\n{line}\n"));
            assert_eq!(read, [("DEFAULT".to_owned(), key.to_owned(), value.to_owned())], "{line:?}");
        }
    }

    #[test]
    fn only_default_keeps_its_case() {
        let groups: Vec<_> =
            values("[DEFAULT]\na=1\n[Rabbit]\na=1\n[default]\na=1").into_iter().map(|v| v.0).collect();
        assert_eq!(groups, ["DEFAULT", "rabbit", "default"]);
    }

    #[test]
    fn a_bad_line_is_numbered_and_not_repeated() {
        for (text, line, words) in [
            ("k = v", 1, "before the first"),
            ("[DEFAULT]\n k = v", 2, "indented"),
            ("[DEFAULT]\nk=x\n\n y", 4, "indented"),
            ("[DEFAULT]\nk=x\n# c\n y", 4, "indented"),
            ("[DEFAULT]\nkey", 2, "no `key = value`"),
            ("[DEFAULT]\n= v", 2, "no key"),
            ("[DEFAULT", 1, "does not end"),
            ("[DEFAULT] # c", 1, "does not end"),
            ("[]", 1, "without a name"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.problem.contains(words), "{text:?}: {}", error.problem);
        }
    }

    proptest! {
        #[test]
        fn random_text_is_read_or_refused(text in any::<String>(), lines in "([\\[\\]#;:= \ta\"'\n]|\r\n){0,80}") {
            let _ = (parse(&text), parse(&lines));
        }

        #[test]
        fn what_is_written_is_read(key in "[a-z_]{1,20}", value in "[!-~&&[^\"']]([ -~]{0,30}[!-~&&[^\"']])?") {
            prop_assert_eq!(values(&format!("[g]\n{key} = {value}\n")), [("g".to_owned(), key, value)]);
        }
    }
}
