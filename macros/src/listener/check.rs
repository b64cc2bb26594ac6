//! Every rule about how a listener's trait may be written: `ast` in, `model` out, with all that is wrong reported on the
//! way. A method with an error is left out of the model and kept in the trait.

mod argument;
mod filter;
mod method;
mod on;

use super::model::Listener;
use crate::attr::Table;
use crate::diag::Errors;
use crate::item::ast;
use crate::item::kept::Kept;
use crate::item::shape::{Shape, ShapeItem};
use crate::names::Taken;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};

const LISTENER: Table = Table { keys: &["crate", "endpoint"], misplaced: &[] };

/// The words for an item that is no trait.
pub(super) fn not_a_trait(implements: Option<&Ident>) -> String {
    let endpoint = implements.map_or_else(|| "EventsEndpoint".to_owned(), |name| format!("{name}Endpoint"));
    format!(
        "expected a trait; `#[listener]` describes what is listened for\n\
         help: give an implementation to a listener as `{endpoint}::new(..)`"
    )
}

/// Checks the attribute and the trait.
pub(super) fn listener(attr: TokenStream, written: &ast::Trait, errors: &Errors) -> Listener {
    let mut runtime = quote!(::oslo_messaging);
    let mut endpoint = None;
    for entry in LISTENER.read(attr, errors) {
        match entry.key.to_string().as_str() {
            "crate" => runtime = entry.path(errors).map_or(runtime, ToTokens::into_token_stream),
            "endpoint" => endpoint = entry.ident(errors),
            _ => {}
        }
    }
    head(written, errors);
    let endpoint = endpoint.unwrap_or_else(|| format_ident!("{}Endpoint", written.ident));

    let mut methods = Vec::new();
    let mut taken = Taken::default();
    taken.add(written.ident.to_token_stream());
    taken.add(endpoint.to_token_stream());
    let mut items = Vec::new();
    for item in &written.items {
        match item {
            ast::Item::Other(other) => {
                errors.push_at(
                    other.span,
                    format!("only methods are allowed in a listener, found {}", other.what),
                );
                items.push(ShapeItem::Other(other.tokens.clone()));
            }
            ast::Item::Method(written) => {
                let checked = method::check(written, &runtime, errors);
                items.push(ShapeItem::Method(Box::new(checked.shape)));
                methods.extend(checked.method);
                taken.add(checked.mentions);
                taken.reserve(&written.sig.ident);
            }
        }
    }
    Listener {
        shape: Shape::new(written, &Kept::sort(&written.attrs), items),
        runtime,
        endpoint,
        methods,
        taken,
    }
}

fn head(written: &ast::Trait, errors: &Errors) {
    let (ident, generics) = (&written.ident, &written.generics);
    let message = || {
        format!(
            "listener `{ident}` must not have generic parameters\n\
             note: a payload is of one type; use one trait for each"
        )
    };
    if generics.lt_token.is_some() {
        errors.push(generics, message());
    }
    if let Some(clause) = &generics.where_clause {
        errors.push(clause, message());
    }
    if let Some(token) = &written.unsafety {
        errors.push(token, "a listener cannot be `unsafe`");
    }
    if written.items.is_empty() {
        errors.push(
            ident,
            format!(
                "listener `{ident}` has no methods, so it listens for nothing\n\
                 help: for example `#[on(info)] async fn changed(&self, event: Event<Payload>);`"
            ),
        );
    }
}
