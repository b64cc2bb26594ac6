//! A method's filter, compiled: the patterns that the parts of a notification must match.

use super::error::ListenerBuildError;
use crate::json::RawJson;
use crate::notify::FilterDescriptor;
use crate::notify::pattern::Pattern;
use crate::wire::IncomingNotification;
use std::collections::HashMap;

/// Patterns on named entries.
type Entries = Vec<(&'static str, Pattern)>;

/// A compiled [`FilterDescriptor`].
#[derive(Debug)]
pub(super) struct Filter {
    event_type: Option<Pattern>,
    publisher_id: Option<Pattern>,
    context: Entries,
    metadata: Entries,
    payload: Entries,
}

impl Filter {
    /// Compiles the filter of `method`; none where it lets everything pass.
    pub(super) fn new(filter: &FilterDescriptor, method: &str) -> Result<Option<Self>, ListenerBuildError> {
        if filter.is_none() {
            return Ok(None);
        }
        let pattern = |field: &str, pattern: &str| {
            Pattern::new(pattern).map_err(|error| ListenerBuildError::Pattern {
                method: method.to_owned(),
                field: field.to_owned(),
                pattern: pattern.to_owned(),
                reason: error.to_string(),
            })
        };
        let one =
            |field: &str, text: &Option<_>| text.as_deref().map(|text| pattern(field, text)).transpose();
        let entries = |part: &str, entries: &[(&'static str, &'static str)]| {
            let compiled =
                entries.iter().map(|(key, text)| Ok((*key, pattern(&format!("{part}.{key}"), text)?)));
            compiled.collect::<Result<Entries, _>>()
        };
        Ok(Some(Self {
            event_type: one("event_type", &filter.event_type)?,
            publisher_id: one("publisher_id", &filter.publisher_id)?,
            context: entries("context", &filter.context)?,
            metadata: entries("metadata", &filter.metadata)?,
            payload: entries("payload", &filter.payload)?,
        }))
    }

    pub(super) fn passes(&self, incoming: &IncomingNotification) -> bool {
        one_passes(self.event_type.as_ref(), incoming.event_type.as_deref())
            && one_passes(self.publisher_id.as_ref(), incoming.publisher_id.as_deref())
            && self.metadata.iter().all(|(key, pattern)| {
                let text = match *key {
                    "message_id" => incoming.message_id.as_deref(),
                    "timestamp" => incoming.timestamp.as_deref(),
                    _ => None,
                };
                one_passes(Some(pattern), text)
            })
            && self.context.iter().all(|(key, pattern)| {
                let entry = incoming.context.iter().find(|(name, _)| name == key);
                json_passes(pattern, entry.map(|(_, value)| value))
            })
            && self.payload_passes(&incoming.payload)
    }

    fn payload_passes(&self, payload: &RawJson) -> bool {
        if self.payload.is_empty() {
            return true;
        }
        // A payload that is no object has no members.
        let Ok(members) = payload.decode::<HashMap<String, RawJson>>() else { return false };
        self.payload.iter().all(|(key, pattern)| json_passes(pattern, members.get(*key)))
    }
}

fn one_passes(pattern: Option<&Pattern>, text: Option<&str>) -> bool {
    pattern.is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
}

/// Only texts match, as in Python.
fn json_passes(pattern: &Pattern, value: Option<&RawJson>) -> bool {
    let text = value.and_then(|value| value.decode::<String>().ok());
    text.is_some_and(|text| pattern.matches(&text))
}
