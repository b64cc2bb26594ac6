//! What `#[endpoint]` and `#[listener]` share: a trait as written, what stands in its methods, and the trait as it is emitted.

pub(crate) mod ast;
pub(crate) mod doc;
pub(crate) mod kept;
pub(crate) mod shape;
pub(crate) mod signature;
pub(crate) mod types;

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// An attribute of a method, such as `#[call]`, where no attribute of its trait takes it away.
pub(crate) fn misplaced(attribute: &str, owner: &str, item: TokenStream) -> TokenStream {
    let message = format!("`#[{attribute}]` only has meaning inside a trait marked `#[{owner}]`");
    let error = syn::Error::new(Span::call_site(), message).to_compile_error();
    quote!(#error #item)
}
