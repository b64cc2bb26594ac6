//! Writes a checked contract as Rust. Takes the model by reference and cannot fail.
//!
//! Hygiene: paths are absolute, locals have `mixed_site` spans, and helper items, which hygiene does not cover, get names
//! that occur nowhere in the types and expressions that stand beside them. What can fail to compile repeats the
//! user's own type tokens as a turbofish argument, so that rustc underlines the type.

mod client;
mod defaults;
mod descriptor;
mod doc;
mod server;

use super::model::{Contract, Method};
use crate::item::shape;
use crate::names::Taken;
use crate::version::Version;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The names of helper items inside the `const` block.
struct Helpers {
    /// The runtime's private module.
    rt: Ident,
    /// The enum that numbers the methods.
    index: Ident,
    /// The static that `Client::DESCRIPTOR` refers to.
    descriptor: Ident,
    /// The type parameter for the service.
    service: Ident,
}

/// Everything that `#[endpoint]` puts in the trait's place.
pub(super) fn contract(contract: &Contract) -> TokenStream {
    let helpers = Helpers {
        rt: contract.taken.fresh("rt"),
        index: contract.taken.fresh("Index"),
        descriptor: contract.taken.fresh("DESCRIPTOR"),
        service: contract.taken.fresh("S"),
    };
    let Helpers { rt, .. } = &helpers;
    let runtime = &contract.runtime;
    let cfg = &contract.shape.cfg;
    let trait_ = shape::definition(&contract.shape, how_to_use(contract));
    let endpoint_struct = server::definition(contract, &helpers);
    let client_struct = client::definition(contract);
    let descriptor = descriptor::items(contract, &helpers);
    let server = server::items(contract, &helpers);
    let client = client::items(contract, &helpers);
    let defaults = defaults::items(contract, &helpers);
    let types = quote!(#trait_ #endpoint_struct #client_struct);
    if !contract.shape.generics.is_empty() {
        // Reported; what names the trait without its parameters would only be reported again.
        return types;
    }
    quote_spanned! {Span::mixed_site()=>
        #types

        #cfg
        #[allow(deprecated, dead_code, non_camel_case_types, non_snake_case, unused_qualifications)]
        const _: () = {
            use #runtime::__private as #rt;
            #descriptor
            #defaults
            #server
            #client
        };
    }
}

fn how_to_use(contract: &Contract) -> String {
    let Contract { endpoint, client, .. } = contract;
    format!(
        "Implement the methods with `async fn`; serve an implementation with [`{endpoint}`], call one with [`{client}`]."
    )
}

/// `Duration::from_millis(..)`.
fn duration(rt: &Ident, millis: u64) -> TokenStream {
    let millis = Literal::u64_unsuffixed(millis);
    quote!(#rt::Duration::from_millis(#millis))
}

/// `Version::new(..)`.
fn version(rt: &Ident, version: Version) -> TokenStream {
    let (major, minor) = (Literal::u32_unsuffixed(version.major), Literal::u32_unsuffixed(version.minor));
    quote!(#rt::Version::new(#major, #minor))
}

/// Names of a method's arguments, which its locals must differ from.
fn argument_names(method: &Method) -> Taken {
    let mut names = Taken::default();
    names.add(method.args.iter().map(|arg| arg.ident.to_token_stream()).collect());
    names.add(method.context.iter().map(|context| context.ident.to_token_stream()).collect());
    names
}
