//! `#[on(..)]`: priorities and the event type.

use crate::attr::{self, Entry, Table};
use crate::diag::Errors;
use crate::item::signature;
use crate::listener::model::{On, Priorities};
use crate::names;
use crate::priority::{self, Priority};
use quote::ToTokens;
use syn::{Attribute, Ident};

/// The keys that take a value; words that stand alone are priorities.
const ON: Table = Table {
    keys: &["event_type"],
    misplaced: &[
        ("context", "`context` belongs in `#[filter(..)]`"),
        ("metadata", "`metadata` belongs in `#[filter(..)]`"),
        ("payload", "`payload` belongs in `#[filter(..)]`"),
        ("priority", "a priority stands alone: `#[on(info)]`"),
        ("publisher_id", "`publisher_id` belongs in `#[filter(..)]`"),
    ],
};

/// Reports that there is no `#[on]`.
pub(super) fn missing(method: &Ident, errors: &Errors) {
    errors.push(
        method,
        format!(
            "method `{method}` has no `#[on]`\n\
             help: say what it takes: `#[on(info)]`, or `#[on]` for what its payload type says"
        ),
    );
}

/// What `#[on(..)]` says.
pub(super) fn read(mark: &Attribute, method: &Ident, errors: &Errors) -> Option<On> {
    let clean = errors.scope();
    let tokens = signature::list(mark, errors);
    if tokens.is_empty() {
        return clean.is_clean().then_some(On::Payload);
    }
    let mut words = Words::default();
    attr::for_each(tokens, errors, |entry| words.take(entry, errors));
    let event_type = words.event_type.as_ref().and_then(|entry| event_type(entry, errors));
    let priorities = match (words.any, words.priorities) {
        (Some(any), priorities) => {
            for (word, _) in priorities {
                errors.push(&word, format!("`{any}` is every priority; remove `{word}`"));
            }
            Some(Priorities::Any)
        }
        (None, priorities) if priorities.is_empty() => {
            of_name(method).or_else(|| clean.is_clean().then(|| no_priority(mark, method, errors))?)
        }
        (None, priorities) => Some(Priorities::These(priorities.into_iter().map(|(_, p)| p).collect())),
    };
    clean.is_clean().then_some(On::Written { priorities: priorities?, event_type })
}

/// The elements of the list, sorted.
#[derive(Default)]
struct Words {
    any: Option<Ident>,
    priorities: Vec<(Ident, Priority)>,
    event_type: Option<Entry>,
}

impl Words {
    fn take(&mut self, entry: Entry, errors: &Errors) {
        let key = entry.key.to_string();
        let known_key = ON.keys.contains(&key.as_str());
        let misplaced = ON.misplaced.iter().find(|(misplaced, _)| *misplaced == key);
        let is_word = key == "any" || Priority::parse(&key).is_some();
        if known_key {
            match &self.event_type {
                Some(_) => errors.push(&entry.key, format!("duplicate argument `{key}`")),
                None => self.event_type = Some(entry),
            }
        } else if let Some((_, message)) = misplaced {
            errors.push(&entry.key, *message);
        } else if is_word {
            entry.flag(errors);
            self.word(entry.key, errors);
        } else if entry.value.is_some() {
            errors.push(&entry.key, ON.unknown(&key));
        } else {
            errors.push(&entry.key, priority::unknown(&key, ", or `any` for all of them"));
        }
    }

    fn word(&mut self, word: Ident, errors: &Errors) {
        let Some(priority) = Priority::parse(&word.to_string()) else {
            match &self.any {
                Some(_) => errors.push(&word, format!("duplicate argument `{word}`")),
                None => self.any = Some(word),
            }
            return;
        };
        if self.priorities.iter().any(|(_, earlier)| *earlier == priority) {
            errors.push(&word, format!("priority `{}` is given twice", priority.name()));
        } else {
            self.priorities.push((word, priority));
        }
    }
}

/// A method that is named after a priority takes that one, as in Python.
fn of_name(method: &Ident) -> Option<Priorities> {
    let priority = Priority::parse(&names::wire(method))?;
    Some(Priorities::These(vec![priority]))
}

fn no_priority(mark: &Attribute, method: &Ident, errors: &Errors) -> Option<Priorities> {
    errors.push(
        mark.path().to_token_stream(),
        format!(
            "no priority is given, and `{method}` is not the name of one\n\
             help: for example `#[on(info, ..)]`, or `#[on(any, ..)]` for all of them"
        ),
    );
    None
}

fn event_type(entry: &Entry, errors: &Errors) -> Option<String> {
    let text = entry.string(errors)?;
    if text.value().is_empty() {
        errors.push(
            &text,
            "`event_type` must not be empty\nhelp: leave it out to take notifications of every event type",
        );
        return None;
    }
    Some(text.value())
}
