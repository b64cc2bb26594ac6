//! Hides passwords in JSON text as oslo.utils does: values whose key says that they are secret, and in other texts what
//! stands behind such a word. Knows nothing of notifications.

use super::words::mask_text;
use crate::json::RawJson;
use crate::json::scan::{ScanError, Scanner};
use crate::json::text::{unquoted, write_string};

/// What stands in a secret's place.
pub(super) const MASK: &str = "***";

/// A value nested deeper than this is hidden whole: looking through it would cost a stack.
const DEEPEST: usize = 128;

/// Writes `value` to `out` with the secrets in it hidden.
///
/// Corresponds to `oslo_utils.strutils.mask_dict_password`. As there, an object under a secret's key is looked through
/// and everything else under it is hidden.
pub(super) fn write_masked(value: &RawJson, out: &mut String) {
    let text = value.as_str();
    let begin = out.len();
    if mask_value(text, &mut Scanner::new(text), 0, out).is_err() {
        // A payload is JSON by its type; should it ever not be, nothing of it is shown.
        out.truncate(begin);
        write_string(MASK, out);
    }
}

/// Writes a text as a JSON string with the secrets in it hidden.
pub(super) fn write_masked_text(text: &str, out: &mut String) {
    write_string(&mask_text(text), out);
}

fn mask_value(
    text: &str,
    scanner: &mut Scanner<'_>,
    depth: usize,
    out: &mut String,
) -> Result<(), ScanError> {
    match scanner.peek() {
        Some(b'{' | b'[') if depth == DEEPEST => {
            scanner.value()?;
            write_string(MASK, out);
        }
        Some(b'{') => mask_members(text, scanner, depth, out)?,
        Some(b'[') => {
            out.push('[');
            let mut first = true;
            scanner.elements(|scanner| {
                separate(&mut first, out);
                mask_value(text, scanner, depth + 1, out)
            })?;
            out.push(']');
        }
        Some(b'"') => {
            let quoted = text.get(scanner.value()?.range).unwrap_or_default();
            let between =
                quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
            let plain = unquoted(between);
            let masked = mask_text(&plain);
            // What needs no mask stays as it is, lone surrogates included.
            if *masked == *plain { out.push_str(quoted) } else { write_string(&masked, out) }
        }
        _ => out.push_str(text.get(scanner.value()?.range).unwrap_or_default()),
    }
    Ok(())
}

fn mask_members(
    text: &str,
    scanner: &mut Scanner<'_>,
    depth: usize,
    out: &mut String,
) -> Result<(), ScanError> {
    out.push('{');
    let mut first = true;
    scanner.members(|scanner, key| {
        separate(&mut first, out);
        let key = text.get(key.range).unwrap_or_default();
        out.push('"');
        out.push_str(key);
        out.push_str("\": ");
        if scanner.peek() != Some(b'{') && super::words::is_secret(&unquoted(key)) {
            scanner.value()?;
            write_string(MASK, out);
            return Ok(());
        }
        mask_value(text, scanner, depth + 1, out)
    })?;
    out.push('}');
    Ok(())
}

fn separate(first: &mut bool, out: &mut String) {
    if !std::mem::take(first) {
        out.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> String {
        let mut out = String::new();
        write_masked(&text.parse().unwrap(), &mut out);
        out
    }

    #[test]
    fn values_under_a_secrets_key_are_hidden_whatever_they_are() {
        for (text, expected) in [
            (r#"{"password":"x"}"#, r#"{"password": "***"}"#),
            (r#"{"My_Password2":1,"a":2}"#, r#"{"My_Password2": "***", "a": 2}"#),
            (r#"{"auth_token":null,"tokens":["a","b"]}"#, r#"{"auth_token": "***", "tokens": "***"}"#),
            (r#"{"secret":{"a":"b","token":"c"}}"#, r#"{"secret": {"a": "b", "token": "***"}}"#),
            (r#"[{"deep":[{"adminPass":"x"}]}]"#, r#"[{"deep": [{"adminPass": "***"}]}]"#),
            (r#"{"p\u0061ssword":"x"}"#, r#"{"p\u0061ssword": "***"}"#),
            (r#"{"a":"--password x y"}"#, r#"{"a": "--password *** y"}"#),
            (r#""password=x""#, r#""password=***""#),
        ] {
            assert_eq!(masked(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_stays_as_it_was_written() {
        for text in [
            "null",
            "[]",
            "{}",
            "[NaN, 1180591620717411303424, 1.50]",
            r#"{"a": "\ud800 \u00e9 é", "b": [[], {}]}"#,
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn what_is_too_deep_to_look_through_is_hidden() {
        let text = format!("{}\"password=x\"{}", "[".repeat(50_000), "]".repeat(50_000));
        let masked = masked(&text);
        assert_eq!(masked, format!("{}\"***\"{}", "[".repeat(DEEPEST), "]".repeat(DEEPEST)));
    }
}
