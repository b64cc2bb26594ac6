//! Signatures of methods: what none of them may be, and what rustc takes of them.

use super::ast;
use crate::diag::Errors;
use crate::text;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, FnArg, Meta, Pat, ReceiverKind, Safety, Signature};

/// Every rule that holds for the methods of `whose` trait, an endpoint or a listener.
pub(crate) fn check(sig: &Signature, whose: &str, errors: &Errors) {
    let ident = &sig.ident;
    if let Some(token) = &sig.constness {
        errors.push(token, format!("{whose} methods cannot be `const`"));
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(token, format!("{whose} methods cannot be `unsafe`"));
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, format!("{whose} methods cannot be `extern`"));
    }
    if let Some(variadic) = &sig.variadic {
        errors.push(variadic, format!("{whose} methods cannot be variadic"));
    }
    if sig.asyncness.is_none() {
        errors.push(sig.fn_token, format!("method `{ident}` must be `async`"));
    }
    let generic = format!("method `{ident}` must not have generic parameters");
    if sig.generics.lt_token.is_some() {
        errors.push(&sig.generics, &generic);
    }
    if let Some(clause) = &sig.generics.where_clause {
        errors.push(clause, &generic);
    }
    match sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) => match &receiver.kind {
            ReceiverKind::Reference(_, None, None) => {}
            kind => {
                let mutable = matches!(kind, ReceiverKind::Reference(_, _, Some(_)));
                let note = if mutable {
                    "\nnote: one value serves concurrent requests; use a lock or an atomic for mutable state"
                } else {
                    ""
                };
                let found = text::of(receiver.to_token_stream());
                errors.push(receiver, format!("method `{ident}` must take `&self`, not `{found}`{note}"));
            }
        },
        _ => errors.push_at(sig.paren_token.span.join(), format!("method `{ident}` must take `&self`")),
    }
}

/// A signature without what rustc does not take in a trait's method: our attributes and documentation on an argument, and
/// what was reported, `const` and patterns where no body follows.
pub(super) fn acceptable(written: &ast::Method) -> Signature {
    let mut sig = written.sig.clone();
    sig.constness = None;
    for input in &mut sig.inputs {
        if let FnArg::Typed(typed) = input {
            typed.attrs.retain(|attr| !is_ours(attr) && !attr.path().is_ident("doc"));
            if written.body.is_none() && !matches!(&*typed.pat, Pat::Ident(name) if name.mutability.is_none())
            {
                *typed.pat = Pat::Verbatim(quote!(_));
            }
        }
    }
    sig
}

/// Whether an attribute of an argument is ours.
fn is_ours(attr: &Attribute) -> bool {
    attr.path().is_ident("arg") || attr.path().is_ident("context")
}

/// What stands in `#[attribute(..)]`; nothing for `#[attribute]`.
pub(crate) fn list(attr: &Attribute, errors: &Errors) -> TokenStream {
    match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(_) => {
            let name = text::of(attr.path().to_token_stream());
            errors.push(attr, format!("expected `#[{name}(..)]`"));
            TokenStream::new()
        }
    }
}

/// Which of `names` an attribute is, also through the crate's name or the path that `crate = ..` gives it.
pub(crate) fn marker(
    attr: &Attribute,
    runtime: &TokenStream,
    names: &[&'static str],
) -> Option<&'static str> {
    let path = text::of(attr.path().to_token_stream());
    let (home, name) = path.rsplit_once("::").unwrap_or(("", &path));
    let runtime = text::of(runtime.clone());
    let ours =
        ["", "oslo_messaging", runtime.trim_start_matches("::")].contains(&home.trim_start_matches("::"));
    names.iter().copied().find(|known| ours && *known == name)
}
