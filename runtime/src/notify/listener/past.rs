//! What a notification's headers say of its past: how often it was handled, and what its handlers failed of.

use crate::wire::{Header, Properties};
use std::borrow::Cow;

/// How often it was handled before it was published again.
const DELIVERIES: &str = "x-oslo-deliveries";
/// The latest failures, oldest first: a JSON list of texts.
const FAILURES: &str = "x-oslo-failures";
/// Most failures that are kept.
const MOST_FAILURES: usize = 5;
/// Most characters of one that are kept; the headers of a message must fit one frame.
const LONGEST: usize = 300;
/// Longest list that is read, in bytes: as long as one of ours can be.
const LONGEST_LIST: usize = MOST_FAILURES * (LONGEST * 12 + 4);

/// A notification's past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) handled: u64,
    failures: Vec<String>,
}

impl Past {
    /// Reads the headers; whatever is no past of ours is none.
    pub(super) fn of(properties: &Properties) -> Self {
        let handled = match properties.header(DELIVERIES) {
            Some(Header::Integer(count)) => u64::try_from(*count).unwrap_or(0),
            _ => 0,
        };
        let failures = match properties.header(FAILURES) {
            Some(Header::Text(list)) if list.len() <= LONGEST_LIST => {
                serde_json::from_str(list).unwrap_or_default()
            }
            _ => Vec::new(),
        };
        Self { handled, failures }
    }

    pub(super) fn add_failure(&mut self, text: &str) {
        self.failures.push(short(text));
        let over = self.failures.len().saturating_sub(MOST_FAILURES);
        self.failures.drain(..over);
    }

    /// Writes the headers; none for what there is none of.
    pub(super) fn write(&self, properties: &mut Properties) {
        properties.headers.retain(|(name, _)| name != DELIVERIES && name != FAILURES);
        if self.handled > 0 {
            set(properties, DELIVERIES, number(self.handled));
        }
        if !self.failures.is_empty() {
            let failures = serde_json::to_string(&self.failures).unwrap_or_default();
            set(properties, FAILURES, Header::Text(failures));
        }
    }
}

pub(super) fn number(number: u64) -> Header {
    Header::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Sets a header in place of an older one of that name.
pub(super) fn set(properties: &mut Properties, name: &'static str, value: Header) {
    properties.headers.retain(|(other, _)| other != name);
    properties.headers.push((Cow::Borrowed(name), value));
}

/// The beginning of a text.
pub(super) fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_read_as_it_was_written_and_stays_short() {
        let mut past = Past { handled: 3, failures: Vec::new() };
        for n in 0..7 {
            past.add_failure(&format!("{n}{}", "\u{1}".repeat(400)));
        }
        assert_eq!(past.failures.len(), MOST_FAILURES);
        assert!(past.failures[0].starts_with('2') && past.failures[4].chars().count() == LONGEST);
        let mut properties = Properties::default();
        past.write(&mut properties);
        past.write(&mut properties);
        assert_eq!((Past::of(&properties), properties.headers.len()), (past, 2));
        Past::default().write(&mut properties);
        assert!(properties.headers.is_empty());
    }

    #[test]
    fn a_past_that_is_not_ours_is_none() {
        let mut properties = Properties::default();
        set(&mut properties, DELIVERIES, Header::Integer(-1));
        set(&mut properties, FAILURES, Header::Text("{".to_owned()));
        assert_eq!(Past::of(&properties), Past::default());
        set(&mut properties, DELIVERIES, Header::Text("3".to_owned()));
        assert_eq!(Past::of(&properties), Past::default());
    }
}
