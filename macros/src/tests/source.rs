//! Finds the macros in a source file and expands them, as a compiler would.

use proc_macro2::{LineColumn, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Item, Meta, TraitItem};

/// What one macro made of its item.
pub(super) struct Expansion {
    pub(super) output: TokenStream,
    /// Where its attribute stands: the place of an error that has no other.
    pub(super) attribute: Span,
}

/// Expands every macro of ours in `source`.
pub(super) fn expand_all(source: &str) -> Vec<Expansion> {
    let file = syn::parse_file(source).unwrap();
    file.items.iter().flat_map(expand_item).collect()
}

fn expand_item(item: &Item) -> Vec<Expansion> {
    let (attrs, rest) = split(item.to_token_stream());
    let mut found = Vec::new();
    let mut others = attrs.clone();
    for (index, attr) in attrs.iter().enumerate() {
        let arguments = match &attr.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => TokenStream::new(),
        };
        let output = if attr.path().is_ident("endpoint") {
            others.remove(index);
            Some(crate::endpoint::expand(arguments, quote!(#(#others)* #rest)))
        } else if attr.path().is_ident("listener") {
            others.remove(index);
            Some(crate::listener::expand(arguments, quote!(#(#others)* #rest)))
        } else if attr.path().is_ident("register") {
            others.remove(index);
            Some(crate::register::expand(arguments, quote!(#(#others)* #rest)))
        } else if attr.path().is_ident("derive") && arguments.to_string().contains("RpcError") {
            Some(crate::rpc_error::expand(quote!(#(#attrs)* #rest)))
        } else if attr.path().is_ident("derive") && arguments.to_string().contains("Notification") {
            Some(crate::notification::expand(quote!(#(#attrs)* #rest)))
        } else {
            misplaced(attr)
        };
        found.extend(output.map(|output| Expansion { output, attribute: attr.span() }));
    }
    if found.is_empty()
        && let Item::Trait(item) = item
    {
        let methods = item.items.iter().filter_map(|item| match item {
            TraitItem::Fn(method) => Some(method),
            _ => None,
        });
        for attr in methods.flat_map(|method| &method.attrs) {
            found.extend(misplaced(attr).map(|output| Expansion { output, attribute: attr.span() }));
        }
    }
    found
}

fn misplaced(attr: &Attribute) -> Option<TokenStream> {
    let attributes = [("call", "endpoint"), ("cast", "endpoint"), ("on", "listener"), ("filter", "listener")];
    let (name, owner) = attributes.into_iter().find(|(name, _)| attr.path().is_ident(name))?;
    Some(crate::item::misplaced(name, owner, TokenStream::new()))
}

fn split(item: TokenStream) -> (Vec<Attribute>, TokenStream) {
    let parser = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse()?));
    parser.parse2(item).unwrap()
}

/// An error as a reader sees it.
#[derive(Debug, PartialEq)]
pub(super) struct Reported {
    pub(super) message: String,
    /// Line and column, both from 1.
    pub(super) at: (usize, usize),
    /// How many characters are underlined; `None` where that is more than a line.
    pub(super) width: Option<usize>,
}

/// The errors of an expansion, in order.
pub(super) fn errors(expansion: &Expansion) -> Vec<Reported> {
    let tokens: Vec<TokenTree> = expansion.output.clone().into_iter().collect();
    // `:: core :: compile_error ! { "message" }`
    let calls = tokens
        .windows(7)
        .filter(|call| matches!(&call[4], TokenTree::Ident(name) if name == "compile_error"));
    calls
        .clone()
        .map(|call| {
            let TokenTree::Group(argument) = &call[6] else { panic!("a compile_error! without its message") };
            let message: syn::LitStr = syn::parse2(argument.stream()).unwrap();
            let (mut start, mut end) = (call[0].span().start(), call[6].span().end());
            if end == (LineColumn { line: 1, column: 0 }) {
                (start, end) = (expansion.attribute.start(), expansion.attribute.end());
            }
            let width = (start.line == end.line).then(|| end.column - start.column);
            Reported { message: message.value(), at: (start.line, start.column + 1), width }
        })
        .collect()
}
