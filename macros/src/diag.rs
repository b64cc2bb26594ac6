//! Errors are collected, never thrown: one run of the macro reports everything that is wrong with an item.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, TokenStreamExt};
use std::cell::RefCell;

/// Everything found wrong so far. Shared by reference, so that a check can go on after it has reported.
#[derive(Default)]
pub(crate) struct Errors {
    found: RefCell<Vec<syn::Error>>,
}

/// Remembers where it began, to ask whether anything went wrong since.
pub(crate) struct Scope<'a> {
    errors: &'a Errors,
    start: usize,
}

impl Errors {
    /// Reports at the whole of `tokens`, or at the attribute when there are none.
    pub(crate) fn push(&self, tokens: impl ToTokens, message: impl Into<String>) {
        self.push_syn(syn::Error::new_spanned(tokens, message.into()));
    }

    /// Reports at a span.
    pub(crate) fn push_at(&self, span: Span, message: impl Into<String>) {
        self.push_syn(syn::Error::new(span, message.into()));
    }

    /// Reports what the parser said.
    pub(crate) fn push_syn(&self, error: syn::Error) {
        self.found.borrow_mut().push(error);
    }

    /// Begins a part whose failure is asked for on its own.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { errors: self, start: self.found.borrow().len() }
    }
}

impl Scope<'_> {
    /// Whether nothing was reported since this scope began.
    pub(crate) fn is_clean(&self) -> bool {
        self.errors.found.borrow().len() == self.start
    }
}

/// One `compile_error!` for each error.
impl ToTokens for Errors {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for error in self.found.borrow().iter().flatten() {
            tokens.append_all(error.to_compile_error());
        }
    }
}
