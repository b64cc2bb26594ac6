//! The trait itself: what the user wrote, with `async fn` as `fn -> impl Future + Send`.

use super::kept::Kept;
use super::{ast, doc, signature};
use crate::text;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ReturnType, Signature, Type};

/// The trait itself.
pub(crate) struct Shape {
    /// Attributes to keep, our own removed.
    pub(crate) attrs: TokenStream,
    /// `#[cfg(..)]`s, which everything generated repeats.
    pub(crate) cfg: TokenStream,
    pub(crate) vis: TokenStream,
    pub(crate) unsafety: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: TokenStream,
    pub(crate) where_clause: TokenStream,
    pub(crate) supertraits: TokenStream,
    pub(crate) items: Vec<ShapeItem>,
}

/// An item of the trait.
pub(crate) enum ShapeItem {
    Method(Box<ShapeMethod>),
    Other(TokenStream),
}

/// A method of the trait, broken or not.
pub(crate) struct ShapeMethod {
    pub(crate) attrs: TokenStream,
    /// The predicates of its `#[cfg(..)]`s.
    pub(crate) cfg_predicates: Vec<TokenStream>,
    pub(crate) vis: TokenStream,
    pub(crate) sig: Signature,
    pub(crate) body: Option<TokenStream>,
}

impl Shape {
    pub(crate) fn new(written: &ast::Trait, kept: &Kept, items: Vec<ShapeItem>) -> Self {
        Self {
            attrs: kept.all.clone(),
            cfg: kept.cfg.clone(),
            vis: written.vis.to_token_stream(),
            unsafety: written.unsafety.to_token_stream(),
            ident: written.ident.clone(),
            generics: written.generics.to_token_stream(),
            where_clause: written.generics.where_clause.to_token_stream(),
            supertraits: written.supertraits.to_token_stream(),
            items,
        }
    }
}

impl ShapeMethod {
    pub(crate) fn new(written: &ast::Method, kept: &Kept) -> Self {
        Self {
            attrs: kept.all.clone(),
            cfg_predicates: kept.cfg_predicates.clone(),
            vis: written.vis.to_token_stream(),
            sig: signature::acceptable(written),
            body: written.body.clone(),
        }
    }
}

/// The trait, its documentation followed by `how_to_use` and an `impl` to copy.
pub(crate) fn definition(shape: &Shape, how_to_use: String) -> TokenStream {
    let (attrs, vis, unsafety, ident) = (&shape.attrs, &shape.vis, &shape.unsafety, &shape.ident);
    let (generics, where_clause) = (&shape.generics, &shape.where_clause);
    let own = match &shape.supertraits {
        own if own.is_empty() => TokenStream::new(),
        own => quote!(#own +),
    };
    let doc = documentation(shape, how_to_use);
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

/// What the trait's documentation ends with. An `impl` to copy is there because rustc's own suggestion for a missing method spells the
/// desugared signature, which nobody wants to write.
fn documentation(shape: &Shape, how_to_use: String) -> TokenStream {
    let ident = &shape.ident;
    let head = doc::lines(
        shape.attrs.to_string().contains("doc"),
        [how_to_use, String::new(), "```text".to_owned(), format!("impl {ident} for YourType {{")],
    );
    let methods = shape.items.iter().filter_map(|item| match item {
        ShapeItem::Method(method) => Some(method),
        ShapeItem::Other(_) => None,
    });
    let methods = methods.map(|method| {
        let mut sig = method.sig.clone();
        sig.inputs.pop_punct();
        let line = format!("     {} {{ .. }}", text::of(sig.to_token_stream()));
        match method.cfg_predicates.as_slice() {
            [] => quote!(#[doc = #line]),
            predicates => quote!(#[cfg_attr(all(#(#predicates),*), doc = #line)]),
        }
    });
    quote!(#head #(#methods)* #[doc = " }"] #[doc = " ```"])
}
