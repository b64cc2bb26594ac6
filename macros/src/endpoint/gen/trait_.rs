//! The trait itself: what the user wrote, with `async fn` as `fn -> impl Future + Send`.

use super::doc;
use crate::endpoint::model::{Contract, ShapeItem, ShapeMethod};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, Type};

pub(super) fn definition(contract: &Contract) -> TokenStream {
    let shape = &contract.shape;
    let (attrs, vis, unsafety, ident) = (&shape.attrs, &shape.vis, &shape.unsafety, &shape.ident);
    let (generics, where_clause) = (&shape.generics, &shape.where_clause);
    let own = match &shape.supertraits {
        own if own.is_empty() => TokenStream::new(),
        own => quote!(#own +),
    };
    let doc = doc::of_trait(contract, attrs.to_string().contains("doc"));
    let items = shape.items.iter().map(|item| match item {
        ShapeItem::Method(item) => method(item),
        ShapeItem::Other(tokens) => tokens.clone(),
    });
    quote! {
        #attrs
        #doc
        #vis #unsafety trait #ident #generics: #own ::core::marker::Send + ::core::marker::Sync + 'static #where_clause {
            #(#items)*
        }
    }
}

/// A method that is not `async` has been reported and stays as it is.
fn method(method: &ShapeMethod) -> TokenStream {
    let ShapeMethod { attrs, vis, sig, body, .. } = method;
    if sig.asyncness.is_none() {
        return match body {
            Some(body) => quote!(#attrs #vis #sig #body),
            None => quote!(#attrs #vis #sig;),
        };
    }
    let mut sig = sig.clone();
    sig.asyncness = None;
    let (output, span) = match &sig.output {
        ReturnType::Default => (quote!(()), sig.ident.span()),
        ReturnType::Type(_, ty) => (ty.to_token_stream(), ty.span()),
    };
    // rustc points a handler that is not `Send` at these tokens.
    let future = quote_spanned! {span=>
        impl ::core::future::Future<Output = #output> + ::core::marker::Send
    };
    sig.output = ReturnType::Type(Default::default(), Box::new(Type::Verbatim(future)));
    match body {
        // `async move` takes every argument along, as `async fn` does.
        Some(body) => quote!(#attrs #[allow(clippy::manual_async_fn)] #vis #sig { async move #body }),
        None => quote!(#attrs #vis #sig;),
    }
}
