//! Defaults of arguments: a function for each expression that a user wrote, outside every other, so that both sides mean
//! the same by it and no parameter or local is taken for what it names.

use super::Helpers;
use super::server::held;
use crate::endpoint::model::{Arg, Contract, DefaultValue, Method, Passing};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The functions.
pub(super) fn items(contract: &Contract, helpers: &Helpers) -> TokenStream {
    let rt = &helpers.rt;
    let functions = contract.methods.iter().flat_map(|method| {
        method.args.iter().enumerate().filter_map(move |(position, arg)| {
            let value = value(arg)?;
            let (cfg, name, held) = (&method.cfg, function(contract, method, position), held(arg, rt));
            Some(quote_spanned!(Span::mixed_site()=> #cfg fn #name() -> #held { #value }))
        })
    });
    quote!(#(#functions)*)
}

/// What gives the default of the argument at `position`, if it has one: something to call.
pub(super) fn default_of(contract: &Contract, method: &Method, position: usize) -> Option<TokenStream> {
    match method.args.get(position)?.default.as_ref()? {
        DefaultValue::OfType => Some(quote!(::core::default::Default::default)),
        DefaultValue::Expr(_) => {
            let name = function(contract, method, position);
            Some(quote!(#name))
        }
    }
}

fn function(contract: &Contract, method: &Method, position: usize) -> Ident {
    // By number: names of a method and an argument can be joined in two ways.
    let number = contract.methods.iter().position(|other| std::ptr::eq(other, method)).unwrap_or_default();
    contract.taken.fresh(&format!("default_{number}_{position}"))
}

/// The expression as the held type.
fn value(arg: &Arg) -> Option<TokenStream> {
    let DefaultValue::Expr(expr) = arg.default.as_ref()? else { return None };
    Some(match &arg.passing {
        Passing::Owned => quote!(#expr),
        Passing::Borrowed(_) => quote!(::core::convert::Into::into(#expr)),
        Passing::BorrowedOption(_) => {
            quote!(::core::option::Option::map(#expr, ::core::convert::Into::into))
        }
    })
}
