//! A trait as written. Bodies stay unparsed: a typo in a default body is rustc's to report, in its place.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Generics, Ident, Path, Signature, Token, TraitItem, TypeParamBound, Visibility, braced, token,
};

/// The trait under one of our attributes.
pub(crate) struct Trait {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) unsafety: Option<Token![unsafe]>,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    pub(crate) items: Vec<Item>,
}

/// What stands in it.
pub(crate) enum Item {
    Method(Box<Method>),
    Other(Other),
}

/// A method; with `None` for a body where it ends in `;`.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Option<TokenStream>,
}

/// Something that is no method.
pub(crate) struct Other {
    pub(crate) what: &'static str,
    pub(crate) span: Span,
    pub(crate) tokens: TokenStream,
}

/// Why an item is not a trait: the first token that shows it, and the trait's name where an `impl` names one.
pub(crate) struct NotATrait {
    pub(crate) span: Span,
    pub(crate) implements: Option<Ident>,
}

/// Looks no further than the item's keyword.
pub(crate) fn not_a_trait(item: TokenStream) -> Option<NotATrait> {
    let head = |input: ParseStream<'_>| {
        let attrs = input.call(Attribute::parse_outer)?;
        drop((attrs, input.parse::<Visibility>()?, input.parse::<Option<Token![unsafe]>>()?));
        let found = if input.peek(Token![trait]) || input.peek(Token![auto]) {
            None
        } else {
            let span = input.span();
            let implements = match input.parse::<Option<Token![impl]>>()? {
                Some(_) => {
                    input.parse::<Path>().ok().and_then(|path| Some(path.segments.last()?.ident.clone()))
                }
                None => None,
            };
            Some(NotATrait { span, implements })
        };
        input.parse::<TokenStream>()?;
        Ok(found)
    };
    syn::parse::Parser::parse2(head, item).ok().flatten()
}

impl Parse for Trait {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let unsafety = input.parse()?;
        input.parse::<Token![trait]>()?;
        let ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let mut supertraits = Punctuated::new();
        if input.parse::<Option<Token![:]>>()?.is_some() {
            while !input.peek(token::Brace) && !input.peek(Token![where]) {
                supertraits.push_value(input.parse()?);
                if !input.peek(Token![+]) {
                    break;
                }
                supertraits.push_punct(input.parse()?);
            }
        }
        generics.where_clause = input.parse()?;
        let content;
        braced!(content in input);
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self { attrs, vis, unsafety, ident, generics, supertraits, items })
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        let is_method = ahead.parse::<Signature>().is_ok();
        if is_method || starts_a_function(input)? {
            return input.parse().map(|method| Self::Method(Box::new(method)));
        }
        let span = after_attributes(input)?.span();
        let item: TraitItem = input.parse()?;
        let what = match &item {
            TraitItem::Const(_) => "a constant",
            TraitItem::Type(_) => "a type",
            TraitItem::Macro(_) => "a macro",
            _ => "something else",
        };
        Ok(Self::Other(Other { what, span, tokens: item.into_token_stream() }))
    }
}

fn after_attributes<'a>(input: ParseStream<'a>) -> syn::Result<syn::parse::ParseBuffer<'a>> {
    let ahead = input.fork();
    ahead.call(Attribute::parse_outer)?;
    ahead.parse::<Visibility>()?;
    Ok(ahead)
}

/// Whether a signature was meant that does not parse: its own error is the one to show.
fn starts_a_function(input: ParseStream<'_>) -> syn::Result<bool> {
    let ahead = after_attributes(input)?;
    Ok(ahead.peek(Token![async]) || ahead.peek(Token![fn]))
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let body = if input.peek(token::Brace) {
            let body: proc_macro2::Group = input.parse()?;
            Some(quote!(#body))
        } else {
            input.parse::<Token![;]>()?;
            None
        };
        Ok(Self { attrs, vis, sig, body })
    }
}
