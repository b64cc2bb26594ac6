//! Documentation: the user's words first, generated words after a blank line.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// Documentation: an expression of type `&'static str`, and the text where it is all literals.
#[derive(Default)]
pub(crate) struct Doc {
    pub(crate) lines: Vec<DocLine>,
}

/// The value of one `#[doc = ..]`.
pub(crate) enum DocLine {
    Text(String),
    /// `include_str!(..)` and the like.
    Expr(TokenStream),
}

impl Doc {
    /// An expression of type `&'static str`.
    pub(crate) fn text(&self) -> TokenStream {
        let literal: Option<Vec<&str>> = self.lines.iter().map(DocLine::literal).collect();
        match literal {
            Some(lines) => lines.join("\n").trim_end().into_token_stream(),
            None => {
                let lines = self.lines.iter().map(|line| match line {
                    DocLine::Text(text) => quote!(#text, "\n",),
                    DocLine::Expr(expr) => quote!(#expr, "\n",),
                });
                quote!(::core::concat!(#(#lines)*))
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl DocLine {
    fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Expr(_) => None,
        }
    }
}

/// Lines of documentation that follow what the user wrote.
pub(crate) fn lines(has_own: bool, lines: impl IntoIterator<Item = String>) -> TokenStream {
    let blank = has_own.then(String::new);
    let lines =
        blank.into_iter().chain(lines).map(|line| if line.is_empty() { line } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}
