//! Every rule about how a contract may be written: `ast` in, `model` out, with all that is wrong reported on the way.
//! A method with an error is left out of the model and kept in the trait.

mod arg;
mod method;
mod options;
mod output;

use super::model::Contract;
use crate::diag::Errors;
use crate::item::ast;
use crate::item::kept::Kept;
use crate::item::shape::{Shape, ShapeItem};
use crate::names::Taken;
use method::Names;
use options::Options;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident};

/// The words for an item that is no trait.
pub(super) fn not_a_trait(implements: Option<&Ident>) -> String {
    let endpoint = implements.map_or_else(|| "ComputeEndpoint".to_owned(), |name| format!("{name}Endpoint"));
    format!(
        "expected a trait; `#[endpoint]` describes a contract\n\
         help: serve an implementation with `{endpoint}::new(..)`"
    )
}

/// Checks the attribute and the trait.
pub(super) fn contract(attr: TokenStream, written: &ast::Trait, errors: &Errors) -> Contract {
    let options = Options::read(attr, errors);
    head(written, errors);

    let client = options.client.clone().unwrap_or_else(|| format_ident!("{}Client", written.ident));
    let endpoint = options.endpoint.clone().unwrap_or_else(|| format_ident!("{}Endpoint", written.ident));
    let mut methods = Vec::new();
    let mut names = Vec::new();
    let mut taken = Taken::default();
    taken.add(written.ident.to_token_stream());
    taken.add(client.to_token_stream());
    taken.add(endpoint.to_token_stream());
    let mut items = Vec::new();
    for item in &written.items {
        match item {
            ast::Item::Other(other) => {
                errors.push_at(
                    other.span,
                    format!("only methods are allowed in an endpoint, found {}", other.what),
                );
                items.push(ShapeItem::Other(other.tokens.clone()));
            }
            ast::Item::Method(written) => {
                let checked = method::check(written, &options, &client, errors);
                items.push(ShapeItem::Method(Box::new(checked.shape)));
                names.push(checked.names);
                methods.extend(checked.method);
                taken.add(checked.mentions);
                taken.reserve(&written.sig.ident);
            }
        }
    }
    Names::check_unique(&names, errors);

    let kept = Kept::sort(&written.attrs);
    Contract {
        shape: Shape::new(written, &kept, items),
        runtime: options.runtime,
        client,
        endpoint,
        namespace: options.namespace,
        legacy_namespaces: options.legacy_namespaces,
        version: options.version.value,
        timeout: options.timeout,
        ignore_unknown_args: options.ignore_unknown_args,
        docs: options.docs,
        doc: kept.doc,
        methods,
        taken,
    }
}

fn head(written: &ast::Trait, errors: &Errors) {
    let generics = &written.generics;
    let message = || {
        format!(
            "endpoint `{}` must not have generic parameters\n\
             note: a wire contract is concrete; use one trait per concrete type",
            written.ident
        )
    };
    if generics.lt_token.is_some() {
        errors.push(generics, message());
    }
    if let Some(clause) = &generics.where_clause {
        errors.push(clause, message());
    }
    if let Some(token) = &written.unsafety {
        errors.push(token, "an endpoint cannot be `unsafe`");
    }
}
