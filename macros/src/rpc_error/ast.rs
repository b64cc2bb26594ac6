//! An error type as written: an enum is its variants, a struct is its own only case.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Fields, Generics, Ident, Item, ItemEnum, ItemStruct};

/// The type under `#[derive(RpcError)]`.
pub(super) struct ErrorType {
    pub(super) attrs: Vec<Attribute>,
    pub(super) ident: Ident,
    pub(super) generics: Generics,
    pub(super) cases: Vec<Case>,
    pub(super) is_enum: bool,
}

/// One error that it can be.
pub(super) struct Case {
    /// Empty for a struct, whose attributes are the type's.
    pub(super) attrs: Vec<Attribute>,
    pub(super) ident: Ident,
    /// `Self::Variant` or `Self`.
    pub(super) path: TokenStream,
    pub(super) fields: Fields,
}

impl Parse for ErrorType {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        match input.parse()? {
            Item::Enum(ItemEnum { attrs, ident, generics, variants, .. }) => {
                let cases = variants.into_iter().map(|variant| {
                    let ident = variant.ident;
                    Case { attrs: variant.attrs, path: quote!(Self::#ident), ident, fields: variant.fields }
                });
                Ok(Self { attrs, ident, generics, cases: cases.collect(), is_enum: true })
            }
            Item::Struct(ItemStruct { attrs, ident, generics, fields, .. }) => {
                let case = Case { attrs: Vec::new(), ident: ident.clone(), path: quote!(Self), fields };
                Ok(Self { attrs, ident, generics, cases: vec![case], is_enum: false })
            }
            Item::Union(union) => {
                Err(syn::Error::new_spanned(union.union_token, "`RpcError` is for enums and structs"))
            }
            other => Err(syn::Error::new_spanned(other, "`RpcError` is for enums and structs")),
        }
    }
}
