//! A payload type as written: its name and attributes; what is in it is serde's to read.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Ident, Item};

/// The type under `#[derive(Notification)]`.
pub(super) struct PayloadType {
    pub(super) attrs: Vec<Attribute>,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
}

impl Parse for PayloadType {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const EXPECTED: &str = "`Notification` is for structs and enums";
        match input.parse()? {
            Item::Enum(item) => Ok(Self { attrs: item.attrs, ident: item.ident, generics: item.generics }),
            Item::Struct(item) => Ok(Self { attrs: item.attrs, ident: item.ident, generics: item.generics }),
            Item::Union(union) => Err(syn::Error::new_spanned(union.union_token, EXPECTED)),
            other => Err(syn::Error::new_spanned(other, EXPECTED)),
        }
    }
}
