//! `#[derive(Notification)]`: a payload type that knows its event type.

mod ast;
mod check;
mod r#gen;

use crate::diag::Errors;
use proc_macro2::TokenStream;
use quote::quote;

/// The whole derive as a function of tokens.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    match syn::parse2::<ast::PayloadType>(item) {
        Ok(written) => {
            let clean = errors.scope();
            let model = check::payload(&written, &errors);
            let output = r#gen::implementation(&model, clean.is_clean());
            quote!(#errors #output)
        }
        Err(error) => error.to_compile_error(),
    }
}
