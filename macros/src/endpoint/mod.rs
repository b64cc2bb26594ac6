//! `#[endpoint]`: trait in, contract out. `ast` reads, `check` judges, `model` holds what is sound, `gen` writes.

mod check;
mod r#gen;
mod model;

use crate::diag::Errors;
use crate::item::ast;
use proc_macro2::TokenStream;
use quote::quote;

/// The whole macro as a function of tokens. Whatever is wrong, the trait itself is in the output.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    if let Some(found) = ast::not_a_trait(item.clone()) {
        errors.push_at(found.span, check::not_a_trait(found.implements.as_ref()));
        return quote!(#errors #item);
    }
    match syn::parse2::<ast::Trait>(item.clone()) {
        Ok(written) => {
            let contract = check::contract(attr, &written, &errors);
            let output = r#gen::contract(&contract);
            quote!(#errors #output)
        }
        Err(error) => {
            errors.push_syn(error);
            quote!(#errors #item)
        }
    }
}
