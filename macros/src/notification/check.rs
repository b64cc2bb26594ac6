//! Every rule about `#[notification(..)]`, and what is sound.

use super::ast::PayloadType;
use crate::attr::{Entry, Table};
use crate::diag::Errors;
use crate::item::doc::Doc;
use crate::item::kept::Kept;
use crate::item::signature;
use crate::priority::{self, Priority};
use crate::version::Version;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

const NOTIFICATION: Table = Table {
    keys: &["crate", "event_type", "priority", "version"],
    misplaced: &[("publisher_id", "a publisher id is the notifier's, not the payload's")],
};

/// What a type says of its event type must fit a short string of the broker's, whatever it is used for there.
const LONGEST: usize = 255;

/// A checked payload type; what was wrong has its default.
pub(super) struct Model {
    pub(super) runtime: TokenStream,
    pub(super) ident: Ident,
    /// Whether it has parameters, which is an error.
    pub(super) generic: bool,
    pub(super) event_type: String,
    pub(super) priority: Priority,
    pub(super) version: Version,
    pub(super) doc: Doc,
}

pub(super) fn payload(written: &PayloadType, errors: &Errors) -> Model {
    let PayloadType { attrs, ident, generics } = written;
    if generics.lt_token.is_some() {
        errors.push(generics, format!("payload type `{ident}` must not have generic parameters"));
    }
    let mut model = Model {
        runtime: quote!(::oslo_messaging),
        ident: ident.clone(),
        generic: generics.lt_token.is_some(),
        event_type: String::new(),
        priority: Priority::INFO,
        version: Version { major: 1, minor: 0 },
        doc: Kept::sort(attrs).doc,
    };
    let mut marks = attrs.iter().filter(|attr| attr.path().is_ident("notification"));
    let mark = marks.next();
    for extra in marks {
        errors.push(extra, "duplicate attribute `#[notification]`");
    }
    let clean = errors.scope();
    let tokens = mark.map(|mark| signature::list(mark, errors)).unwrap_or_default();
    let mut has_event_type = false;
    for entry in NOTIFICATION.read(tokens, errors) {
        match entry.key.to_string().as_str() {
            "crate" => {
                if let Some(path) = entry.path(errors) {
                    model.runtime = path.into_token_stream();
                }
            }
            "event_type" => {
                has_event_type = true;
                model.event_type = event_type(&entry, errors).unwrap_or_default();
            }
            "priority" => model.priority = priority(&entry, errors).unwrap_or(model.priority),
            "version" => model.version = entry.version(errors).unwrap_or(model.version),
            _ => {}
        }
    }
    // Where the list could not be read to its end, it may stand in the rest.
    if !has_event_type && (clean.is_clean() || mark.is_none()) {
        let at = mark.map_or_else(|| ident.to_token_stream(), |mark| mark.path().to_token_stream());
        let message = format!(
            "payload type `{ident}` has no event type\n\
             help: for example `#[notification(event_type = \"compute.instance.create.end\")]`"
        );
        errors.push(at, message);
    }
    model
}

fn event_type(entry: &Entry, errors: &Errors) -> Option<String> {
    let text = entry.string(errors)?;
    let value = text.value();
    let message = if value.is_empty() {
        "`event_type` must not be empty".to_owned()
    } else if value.len() > LONGEST {
        format!("an event type has at most {LONGEST} bytes, this one has {}", value.len())
    } else if let Some(found) = value.chars().find(|c| ['*', '?', '['].contains(c)) {
        format!(
            "`{found}` has no place in an event type: a payload type is sent with one, not with a pattern\n\
             note: patterns belong in the `#[on(..)]` of a listener"
        )
    } else {
        return Some(value);
    };
    errors.push(&text, message);
    None
}

fn priority(entry: &Entry, errors: &Errors) -> Option<Priority> {
    let text = entry.string(errors)?;
    let priority = Priority::parse(&text.value());
    if priority.is_none() {
        errors.push(&text, priority::unknown(&text.value(), ""));
    }
    priority
}
