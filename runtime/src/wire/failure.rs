//! Failures: the JSON text that Python writes and what may stand in its place.

use super::Limits;
use super::inner::is_falsy;
use crate::error::RemoteFailure;
use crate::json::RawJson;
use crate::json::scan::Scanner;
use crate::json::text::{unquoted, write_string};

/// What Python appends to class and module of an exception that it has received and passes on.
const RELAYED: &str = "_Remote";

/// The failure's JSON text.
pub(super) fn write(failure: &RemoteFailure) -> String {
    let (class, module, _) = without_suffix(&failure.class, &failure.module);
    let mut out = String::with_capacity(256);
    out.push_str(r#"{"class": "#);
    write_string(class, &mut out);
    out.push_str(r#", "module": "#);
    write_string(module, &mut out);
    out.push_str(r#", "message": "#);
    write_string(&failure.message, &mut out);
    out.push_str(r#", "tb": ["#);
    separated(&failure.traceback, &mut out, |line, out| write_string(line, out));
    out.push_str(r#"], "args": ["#);
    separated(&failure.args, &mut out, |arg, out| out.push_str(arg.as_str()));
    out.push_str(r#"], "kwargs": {"#);
    separated(&failure.kwargs, &mut out, |(name, value), out| {
        write_string(name, out);
        out.push_str(": ");
        out.push_str(value.as_str());
    });
    out.push_str("}}");
    out
}

fn separated<T>(items: &[T], out: &mut String, mut write: impl FnMut(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
}

/// Both suffixes are cut when both are there (Python's rule), and the failure counts as relayed.
fn without_suffix<'a>(class: &'a str, module: &'a str) -> (&'a str, &'a str, bool) {
    match (class.strip_suffix(RELAYED), module.strip_suffix(RELAYED)) {
        (Some(class), Some(module)) => (class, module, true),
        _ => (class, module, false),
    }
}

/// Reads the value of `failure`: a text that is a JSON object, as Python writes it, or whatever else a peer puts there. What
/// is true in Python's eyes is a failure, also when nothing can be made of it: the call did not succeed.
pub(super) fn read(value: &RawJson, limits: &Limits) -> Option<RemoteFailure> {
    if is_falsy(value.as_str()) {
        return None;
    }
    let text = string(value);
    let object = match &text {
        Some(text) => text.parse::<RawJson>().ok(),
        None => Some(value.clone()),
    };
    let members = |value: &RawJson| members(value, limits.keys);
    let elements = |value: &RawJson| elements(value, limits.keys);
    let Some(fields) = object.as_ref().and_then(members) else {
        let message = text.unwrap_or_else(|| value.as_str().to_owned());
        return Some(RemoteFailure { message, ..RemoteFailure::default() });
    };
    let mut failure = RemoteFailure::default();
    for (name, value) in fields {
        match name.as_str() {
            "class" => failure.class = shown(&value),
            "module" => failure.module = shown(&value),
            "message" => failure.message = shown(&value),
            "tb" => failure.traceback = lines(&value, limits.keys),
            "args" => failure.args = elements(&value).unwrap_or_default(),
            "kwargs" => failure.kwargs = members(&value).unwrap_or_default(),
            _ => {}
        }
    }
    let (class, module, relayed) = without_suffix(&failure.class, &failure.module);
    // Python 2's name of the same module.
    let module = if module == "exceptions" { "builtins" } else { module };
    (failure.class, failure.module, failure.relayed) = (class.to_owned(), module.to_owned(), relayed);
    Some(failure)
}

fn string(value: &RawJson) -> Option<String> {
    let between = value.as_str().strip_prefix('"')?.strip_suffix('"')?;
    Some(unquoted(between).into_owned())
}

/// A text as itself, null as nothing, another value as its JSON.
fn shown(value: &RawJson) -> String {
    match string(value) {
        Some(text) => text,
        None if value.as_str() == "null" => String::new(),
        None => value.as_str().to_owned(),
    }
}

fn lines(value: &RawJson, most: usize) -> Vec<String> {
    match elements(value, most) {
        Some(lines) => lines.iter().map(shown).collect(),
        None => string(value).into_iter().collect(),
    }
}

/// The elements of an array; `None` when it is none, or has more than `most`.
fn elements(value: &RawJson, most: usize) -> Option<Vec<RawJson>> {
    let mut elements = Vec::new();
    Scanner::new(value.as_str())
        .elements(|s| {
            let found = s.value()?;
            if elements.len() <= most {
                elements.push(value.part(found));
            }
            Ok(())
        })
        .ok()?;
    (elements.len() <= most).then_some(elements)
}

/// The members of an object; `None` when it is none, or has more than `most`.
fn members(value: &RawJson, most: usize) -> Option<Vec<(String, RawJson)>> {
    let mut members = Vec::new();
    Scanner::new(value.as_str())
        .members(|s, key| {
            let found = s.value()?;
            if members.len() <= most {
                members.push((key.name(value.as_str()).into_owned(), value.part(found)));
            }
            Ok(())
        })
        .ok()?;
    (members.len() <= most).then_some(members)
}
