//! The attributes that are not ours, sorted by what must be repeated where.

use super::doc::{Doc, DocLine};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Other people's attributes of one item.
#[derive(Default)]
pub(crate) struct Kept {
    /// All of them.
    pub(crate) all: TokenStream,
    /// `#[cfg(..)]`.
    pub(crate) cfg: TokenStream,
    /// What stands in each `#[cfg(..)]`.
    pub(crate) cfg_predicates: Vec<TokenStream>,
    /// `#[doc = ..]` and `#[deprecated]`.
    pub(crate) public: TokenStream,
    pub(crate) doc: Doc,
    /// The note of `#[deprecated]`, empty when it has none.
    pub(crate) deprecated: Option<String>,
}

impl Kept {
    pub(crate) fn sort<'a>(attrs: impl IntoIterator<Item = &'a Attribute>) -> Self {
        let mut kept = Self::default();
        for attr in attrs {
            attr.to_tokens(&mut kept.all);
            let path = attr.path();
            if path.is_ident("cfg") {
                attr.to_tokens(&mut kept.cfg);
                if let Meta::List(list) = &attr.meta {
                    kept.cfg_predicates.push(list.tokens.clone());
                }
            } else if path.is_ident("doc") {
                attr.to_tokens(&mut kept.public);
                kept.doc.lines.extend(doc_line(&attr.meta));
            } else if path.is_ident("deprecated") {
                attr.to_tokens(&mut kept.public);
                kept.deprecated = Some(deprecation_note(attr));
            }
        }
        kept
    }
}

/// The text of `#[doc = ..]`; `#[doc(hidden)]` and its kin have none.
fn doc_line(meta: &Meta) -> Option<DocLine> {
    let Meta::NameValue(pair) = meta else { return None };
    Some(match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let text = text.value();
            DocLine::Text(text.strip_prefix(' ').map(str::to_owned).unwrap_or(text))
        }
        value => DocLine::Expr(quote!(#value)),
    })
}

fn deprecation_note(attr: &Attribute) -> String {
    let text = |value: &Expr| crate::attr::literal(value).map(|text| text.value());
    match &attr.meta {
        Meta::NameValue(pair) => text(&pair.value).unwrap_or_default(),
        Meta::List(_) => {
            let mut note = String::new();
            // rustc reports what is wrong in there.
            let _ = attr.parse_nested_meta(|meta| {
                let value: Expr = meta.value()?.parse()?;
                if meta.path.is_ident("note") {
                    note = text(&value).unwrap_or_default();
                }
                Ok(())
            });
            note
        }
        Meta::Path(_) => String::new(),
    }
}
