//! The inner message as received: its text, and its members as the scan finds them. Values stay text.

use super::Malformed;
use crate::json::RawJson;
use crate::json::scan::{Found, Key};
use crate::json::text::unquoted;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An inner message; the values taken from it share its memory.
#[derive(Debug)]
pub(super) struct Inner {
    text: Arc<String>,
}

/// Named values in wire order.
pub(super) type Named = Vec<(String, RawJson)>;

impl Inner {
    pub(super) fn new(text: String) -> Self {
        Self { text: Arc::new(text) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// A key's name.
    pub(super) fn name(&self, key: Key) -> Cow<'_, str> {
        key.name(&self.text)
    }

    /// A value's JSON.
    pub(super) fn json(&self, found: &Found) -> &str {
        self.text.get(found.range.clone()).unwrap_or_default()
    }

    /// Whether a value is `null`.
    pub(super) fn is_null(&self, found: &Found) -> bool {
        self.json(found) == "null"
    }

    /// The text that a value is, if it is one.
    pub(super) fn string(&self, found: &Found) -> Option<Cow<'_, str>> {
        let between = self.json(found).strip_prefix('"')?.strip_suffix('"')?;
        Some(unquoted(between))
    }

    /// A value kept as text.
    pub(super) fn raw(&self, found: Found) -> RawJson {
        RawJson::found(&self.text, found)
    }
}

/// Named values as a Python dict holds them: of equal names the last value counts, at the first one's place.
pub(super) fn last_wins(named: Named) -> Named {
    if !has_repeats(&named) {
        return named;
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut unique: Named = Vec::new();
    for (name, value) in named {
        match places.get(&name).and_then(|&place| unique.get_mut(place)) {
            Some((_, older)) => *older = value,
            None => {
                places.insert(name.clone(), unique.len());
                unique.push((name, value));
            }
        }
    }
    unique
}

fn has_repeats(named: &Named) -> bool {
    if named.len() > 16 {
        let mut seen = HashSet::new();
        return !named.iter().all(|(name, _)| seen.insert(name));
    }
    named
        .iter()
        .enumerate()
        .any(|(index, (name, _))| named.iter().take(index).any(|(other, _)| other == name))
}

/// Whether a JSON value is false in Python's eyes.
pub(super) fn is_falsy(json: &str) -> bool {
    matches!(json, "null" | "false" | "0" | "0.0" | "-0" | "-0.0" | "\"\"" | "[]" | "{}")
}

impl Malformed {
    /// Nothing is known of who sent it.
    pub(super) fn unanswerable(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), over_limit: false, answer_to: None, answers: None }
    }

    /// It is over a limit, and nothing is known of who sent it.
    pub(super) fn over_limit(cause: impl Into<String>) -> Self {
        Self { over_limit: true, ..Self::unanswerable(cause) }
    }
}
