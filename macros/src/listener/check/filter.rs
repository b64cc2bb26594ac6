//! `#[filter(..)]`: regular expressions on parts of a notification. They are Python's, so nothing here reads them: the
//! listener's `build()` does.

use crate::attr::{self, Table};
use crate::diag::Errors;
use crate::item::signature;
use crate::listener::model::Filter;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, LitStr, Token, parenthesized, token};

const FILTER: Table =
    Table { keys: &["context", "event_type", "metadata", "payload", "publisher_id"], misplaced: &[] };

/// The entries that a notification's metadata has.
const METADATA: [&str; 2] = ["message_id", "timestamp"];

/// `key = value` or `key(entry = value, ..)`.
struct Element {
    key: Ident,
    value: Value,
}

enum Value {
    None,
    Text(Box<Expr>),
    Entries(Vec<Pair>),
}

/// An entry: a name, or a string where the entry's name is no identifier.
struct Pair {
    name: String,
    at: Span,
    value: Expr,
}

/// What `#[filter(..)]` says; what is wrong is left out.
pub(super) fn read(mark: &Attribute, errors: &Errors) -> Filter {
    let mut filter = Filter::default();
    let clean = errors.scope();
    let elements = elements(signature::list(mark, errors), errors);
    if elements.is_empty() && clean.is_clean() {
        errors.push(
            mark.path().to_token_stream(),
            "`#[filter]` needs something to match\n\
             help: for example `#[filter(publisher_id = r\"compute\\..*\")]`",
        );
    }
    let mut seen: Vec<Ident> = Vec::new();
    for element in elements {
        let key = element.key.to_string();
        if !FILTER.keys.contains(&key.as_str()) {
            errors.push(&element.key, FILTER.unknown(&key));
            continue;
        }
        if seen.contains(&element.key) {
            errors.push(&element.key, format!("duplicate argument `{key}`"));
            continue;
        }
        match key.as_str() {
            "event_type" => filter.event_type = text(&element, errors),
            "publisher_id" => filter.publisher_id = text(&element, errors),
            "context" => filter.context = entries(&element, errors),
            "metadata" => {
                filter.metadata = entries(&element, errors);
                check_metadata(&element, errors);
            }
            _ => filter.payload = entries(&element, errors),
        }
        seen.push(element.key);
    }
    filter
}

fn elements(tokens: TokenStream, errors: &Errors) -> Vec<Element> {
    let mut elements = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let key = Ident::parse_any(input)?;
            let value = if input.peek(token::Paren) {
                let content;
                parenthesized!(content in input);
                Value::Entries(pairs(&content)?)
            } else if input.parse::<Option<Token![=]>>()?.is_some() {
                Value::Text(Box::new(input.parse()?))
            } else {
                Value::None
            };
            elements.push(Element { key, value });
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push_syn(error);
    }
    elements
}

fn pairs(input: ParseStream<'_>) -> syn::Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    while !input.is_empty() {
        let (name, at) = match input.parse::<Option<LitStr>>()? {
            Some(text) => (text.value(), text.span()),
            None => {
                let ident = input.call(Ident::parse_any)?;
                (ident.unraw().to_string(), ident.span())
            }
        };
        input.parse::<Token![=]>()?;
        pairs.push(Pair { name, at, value: input.parse()? });
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(pairs)
}

/// The value of a part that is one text.
fn text(element: &Element, errors: &Errors) -> Option<String> {
    let key = &element.key;
    let message = || format!("expected a regular expression in quotes: `{key} = r\"..\"`");
    match &element.value {
        Value::Text(expr) => match attr::literal(expr) {
            Some(text) => return Some(text.value()),
            None => errors.push(expr, message()),
        },
        Value::None => errors.push(key, message()),
        Value::Entries(_) => errors.push(key, format!("`{key}` has no entries; write `{key} = r\"..\"`")),
    }
    None
}

/// The values of a part that is a map.
fn entries(element: &Element, errors: &Errors) -> Vec<(String, String)> {
    let key = &element.key;
    let pairs = match &element.value {
        Value::Entries(pairs) if !pairs.is_empty() => pairs,
        _ => {
            errors.push(key, format!("expected the entry to match: `{key}(name = r\"..\")`"));
            return Vec::new();
        }
    };
    let mut found: Vec<(String, String)> = Vec::new();
    for pair in pairs {
        let name = &pair.name;
        if found.iter().any(|(earlier, _)| earlier == name) {
            errors.push_at(pair.at, format!("duplicate entry `{name}`"));
        }
        match attr::literal(&pair.value) {
            Some(text) => found.push((name.clone(), text.value())),
            None => {
                let message = format!("expected a regular expression in quotes: `{name} = r\"..\"`");
                errors.push(&pair.value, message);
            }
        }
    }
    found
}

/// Another name would never match, and the method never be called.
fn check_metadata(element: &Element, errors: &Errors) {
    let Value::Entries(pairs) = &element.value else { return };
    for pair in pairs.iter().filter(|pair| !METADATA.contains(&pair.name.as_str())) {
        let guess = attr::did_you_mean(&pair.name, &METADATA);
        let message = format!(
            "metadata has no entry `{}`{guess}\nnote: its entries: `message_id`, `timestamp`",
            pair.name
        );
        errors.push_at(pair.at, message);
    }
}
