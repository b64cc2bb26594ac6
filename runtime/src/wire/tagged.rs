//! What kombu's JSON writes for values that JSON lacks: `{"__type__": "datetime", "__value__": ".."}`. Only messages without
//! envelope have it.

use crate::json::RawJson;
use crate::json::scan::{ScanError, Scanner};
use crate::json::text::{unquoted, write_string};

const TYPE: &str = "__type__";
const VALUE: &str = "__value__";

/// A text nested deeper than this is not looked through: that would cost a stack.
const DEEPEST: usize = 128;

/// Whether an object within `json` has exactly the two keys, or may have, where it cannot be read. Looks closer only where
/// the first one's name is in the text.
pub(super) fn is_in(json: &str) -> bool {
    // A type that is no text is no reason to let the pair go: readers refuse it.
    may_be_in(json) && rewrite(json, |_, _| Ok(Some(String::new()))).map_or(true, |(_, any)| any)
}

/// `json` with each pair replaced by what Python's reader makes of it, as JSON: texts for points in time, decimals, UUIDs and
/// bytes. Gives the reason when a pair's type is unknown; Python refuses the message then.
pub(super) fn plain(payload: RawJson) -> Result<RawJson, String> {
    if !may_be_in(payload.as_str()) {
        return Ok(payload);
    }
    match rewrite(payload.as_str(), read_pair)? {
        (text, true) => text.parse().map_err(|error| format!("payload: {error}")),
        (_, false) => Ok(payload),
    }
}

fn may_be_in(json: &str) -> bool {
    // Any letter of the key may be escaped, which nobody does: U+0050 to U+007F, those beyond ASCII are no reason.
    let of_key = |rest: &str| rest.starts_with(['5', '6', '7']);
    json.contains("\"__type__\"") || json.split("\\u00").skip(1).any(of_key)
}

/// What one pair of type and value is.
fn read_pair(kind: &str, value: &str) -> Result<Option<String>, String> {
    let is_text = value.starts_with('"');
    match kind {
        // Already in the form that Python's own JSON gives them.
        "datetime" | "date" | "time" | "decimal" | "bytes" | "base64" if is_text => {
            Ok(Some(value.to_owned()))
        }
        "uuid" => {
            let hex = member(value, "hex").ok_or("a `uuid` without `hex`")?;
            let uuid = uuid::Uuid::try_parse(&hex).map_err(|_| "a `uuid` whose `hex` is none")?;
            Ok(Some(format!("\"{uuid}\"")))
        }
        "datetime" | "date" | "time" | "decimal" | "bytes" | "base64" => {
            Err(format!("a `{kind}` that is no text"))
        }
        other => {
            let short: String = other.escape_debug().take(40).collect();
            Err(format!("values of type `{short}` are unknown"))
        }
    }
}

/// The text that an object's member is.
fn member(object: &str, name: &str) -> Option<String> {
    let mut found = None;
    let mut scanner = Scanner::new(object);
    scanner
        .members(|s, key| {
            let is_it = key.name(object) == name;
            let value = s.value()?;
            if is_it {
                found = object.get(value.range);
            }
            Ok(())
        })
        .ok()?;
    Some(unquoted(found?.strip_prefix('"')?.strip_suffix('"')?).into_owned())
}

/// Copies `json`, with each object of exactly the two keys replaced by what `pair` makes of its type and value; says whether
/// there was one. Inner pairs are replaced before outer ones see them, as Python's object hook does.
fn rewrite(
    json: &str,
    mut pair: impl FnMut(&str, &str) -> Result<Option<String>, String>,
) -> Result<(String, bool), String> {
    let (_, scanned) = Scanner::whole(json).map_err(|error| error.to_string())?;
    if scanned.depth > DEEPEST {
        return Err(format!(
            "values of other types {} levels deep, at most {DEEPEST} are looked at",
            scanned.depth
        ));
    }
    let mut out = String::with_capacity(json.len());
    let any = value(json, &mut out, &mut pair)?;
    Ok((out, any))
}

type Pair<'a> = &'a mut dyn FnMut(&str, &str) -> Result<Option<String>, String>;

fn value(json: &str, out: &mut String, pair: Pair<'_>) -> Result<bool, String> {
    match json.as_bytes().first() {
        Some(b'{') => object(json, out, pair),
        Some(b'[') => array(json, out, pair),
        _ => {
            out.push_str(json);
            Ok(false)
        }
    }
}

fn object(json: &str, out: &mut String, pair: Pair<'_>) -> Result<bool, String> {
    let mut members = Vec::new();
    let mut scanner = Scanner::new(json);
    let read = scanner.members(|s, key| {
        let found = s.value()?;
        members.push((key.range, found.range));
        Ok(())
    });
    read.map_err(|error: ScanError| error.to_string())?;
    let mut any = false;
    let mut copies = Vec::with_capacity(members.len());
    for (key, range) in members {
        let mut copy = String::new();
        any |= value(json.get(range).unwrap_or_default(), &mut copy, pair)?;
        copies.push((unquoted(json.get(key).unwrap_or_default()).into_owned(), copy));
    }
    let of = |name: &str| copies.iter().rev().find(|(key, _)| key == name).map(|(_, copy)| copy.as_str());
    if copies.iter().all(|(key, _)| key == TYPE || key == VALUE)
        && let (Some(kind), Some(inner)) = (of(TYPE), of(VALUE))
    {
        let kind = kind.strip_prefix('"').and_then(|kind| kind.strip_suffix('"')).map(unquoted);
        let kind = kind.ok_or("`__type__` is no text")?;
        if let Some(replacement) = pair(&kind, inner)? {
            out.push_str(&replacement);
            return Ok(true);
        }
    }
    out.push('{');
    for (at, (key, copy)) in copies.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write_string(key, out);
        out.push_str(": ");
        out.push_str(copy);
    }
    out.push('}');
    Ok(any)
}

fn array(json: &str, out: &mut String, pair: Pair<'_>) -> Result<bool, String> {
    let mut elements = Vec::new();
    let mut scanner = Scanner::new(json);
    let read = scanner.elements(|s| {
        elements.push(s.value()?.range);
        Ok(())
    });
    read.map_err(|error: ScanError| error.to_string())?;
    let mut any = false;
    out.push('[');
    for (at, range) in elements.into_iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        any |= value(json.get(range).unwrap_or_default(), out, pair)?;
    }
    out.push(']');
    Ok(any)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<String, String> {
        plain(json.parse().unwrap()).map(|json| json.as_str().to_owned())
    }

    #[test]
    fn d19_pairs_become_what_python_reads_them_as() {
        for (pair, plain) in [
            (r#"{"__type__": "datetime", "__value__": "2026-01-02T03:04:05"}"#, r#""2026-01-02T03:04:05""#),
            (r#"{"__value__": "1.50", "__type__": "decimal"}"#, r#""1.50""#),
            (
                r#"{"__type__": "uuid", "__value__": {"hex": "12345678123456781234567812345678"}}"#,
                r#""12345678-1234-5678-1234-567812345678""#,
            ),
            (r#"{"\u005f_type__": "date", "__value__": "2026-01-02"}"#, r#""2026-01-02""#),
            (r#"{"__t\u0079pe__": "date", "__v\u0061lue__": "2026-01-02"}"#, r#""2026-01-02""#),
        ] {
            assert_eq!(read(pair).unwrap(), plain);
            assert_eq!(
                read(&format!(r#"{{"a": [1, {pair}], "n": NaN}}"#)).unwrap(),
                format!(r#"{{"a": [1, {plain}], "n": NaN}}"#)
            );
            assert!(is_in(&format!("[{pair}]")));
        }
    }

    #[test]
    fn what_is_too_deep_to_look_through_is_refused_and_costs_no_stack() {
        for levels in [DEEPEST, 1_000_000] {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            let json = format!(r#"{open}{{"__type__": "date"}}{close}"#);
            assert!(read(&json).unwrap_err().contains("levels deep"));
            assert!(is_in(&json));
        }
    }

    #[test]
    fn other_objects_stay_and_unknown_types_are_refused() {
        for json in [
            r#"{"__type__": "datetime"}"#,
            r#"{"__type__": "datetime", "__value__": "x", "more": 1}"#,
            r#"{"a": "__type__"}"#,
        ] {
            assert_eq!(read(json).unwrap(), json);
            assert!(!is_in(json), "{json}");
        }
        assert!(is_in(r#"[{"__type__": 1, "__value__": 2}]"#));
        assert!(read(r#"{"__type__": "set", "__value__": [1]}"#).unwrap_err().contains("`set`"));
        assert!(read(r#"{"__type__": 1, "__value__": 2}"#).is_err());
        assert!(read(r#"{"__type__": "uuid", "__value__": 1}"#).is_err());
    }
}
