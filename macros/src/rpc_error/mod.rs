//! `#[derive(RpcError)]`: an error type to and from a failure on the wire.

mod ast;
mod check;
mod r#gen;

use crate::diag::Errors;
use proc_macro2::TokenStream;
use quote::quote;

/// The whole derive as a function of tokens.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    match syn::parse2::<ast::ErrorType>(item) {
        Ok(written) => {
            let clean = errors.scope();
            let model = check::error(&written, &errors);
            let output =
                if clean.is_clean() { r#gen::implementation(&model) } else { r#gen::stand_in(&model) };
            quote!(#errors #output)
        }
        Err(error) => error.to_compile_error(),
    }
}
