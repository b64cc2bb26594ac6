//! Methods: their attributes, their signature, and what they return.

use super::argument;
use super::{filter, on};
use crate::diag::Errors;
use crate::item::kept::Kept;
use crate::item::shape::ShapeMethod;
use crate::item::{ast, signature, types};
use crate::listener::model::{Method, Payload};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, ReturnType, Type};

/// What is left of a method after its check.
pub(super) struct CheckedMethod {
    pub(super) shape: ShapeMethod,
    /// `None` when anything was wrong with it.
    pub(super) method: Option<Method>,
    /// The types that generated code repeats.
    pub(super) mentions: TokenStream,
}

pub(super) fn check(written: &ast::Method, runtime: &TokenStream, errors: &Errors) -> CheckedMethod {
    // An attribute of ours for methods.
    let marker = |attr: &Attribute| signature::marker(attr, runtime, &["on", "filter", "call", "cast"]);
    let marked = |name| written.attrs.iter().filter(move |attr| marker(attr) == Some(name));
    let clean = errors.scope();
    let ident = &written.sig.ident;
    let kept = Kept::sort(written.attrs.iter().filter(|attr| marker(attr).is_none()));
    let on = match single(marked("on"), "on", errors) {
        Some(mark) => on::read(mark, ident, errors),
        None => {
            // Whoever wrote one of those is told below what stands here.
            if marked("call").chain(marked("cast")).next().is_none() {
                on::missing(ident, errors);
            }
            None
        }
    };
    let filter = single(marked("filter"), "filter", errors).map(|mark| filter::read(mark, errors));
    for attr in &written.attrs {
        if let Some(kind @ ("call" | "cast")) = marker(attr) {
            let message =
                format!("`#[{kind}]` is for the methods of an `#[endpoint]`; a listener's have `#[on]`");
            errors.push(attr, message);
        }
    }
    signature::check(&written.sig, "listener", errors);
    let arguments = argument::check(&written.sig, errors);
    let output = output(&written.sig.output, errors);
    if let Some(body) = &written.body {
        let message = format!(
            "method `{ident}` must not have a body\n\
             note: a listener gets what each `#[on]` says, so each implementation has to say what it does with it"
        );
        match body.clone().into_iter().next() {
            Some(TokenTree::Group(group)) => errors.push_at(group.span_open(), message),
            _ => errors.push(body, message),
        }
    }

    let payload = arguments.event.as_ref().map(|event| match &event.payload {
        Payload::Typed(ty) => ty.to_token_stream(),
        Payload::Raw(_) => TokenStream::new(),
    });
    let context = arguments.context.as_ref().map(|context| context.ty.to_token_stream());
    let mentions = quote!(#payload #context #output);
    let shape = ShapeMethod::new(written, &kept);
    let method = on.zip(arguments.event).filter(|_| clean.is_clean()).map(|(on, event)| Method {
        ident: ident.clone(),
        on,
        filter: filter.unwrap_or_default(),
        context: arguments.context,
        payload: event.payload,
        batch: event.batch,
        output,
        cfg: kept.cfg,
    });
    CheckedMethod { shape, method, mentions }
}

/// The attribute of that name; a second one is reported.
fn single<'a>(
    mut marks: impl Iterator<Item = &'a Attribute>,
    name: &str,
    errors: &Errors,
) -> Option<&'a Attribute> {
    let first = marks.next();
    for extra in marks {
        errors.push(extra, format!("duplicate attribute `#[{name}]`"));
    }
    first
}

/// The declared return type, as far as tokens can tell; what is behind an alias is for rustc to judge.
fn output(output: &ReturnType, errors: &Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    let ty = types::plain(ty);
    if types::has_impl_trait(ty) {
        errors.push(ty, "`impl Trait` cannot be returned; write the concrete type");
    } else if types::mentions_self(ty) {
        errors.push(ty, "`Self` is no type of the listener's; write the concrete type");
    } else if types::has_borrow(ty) {
        errors.push(ty, "what a handler returns outlives it and cannot borrow from it");
    }
    Some(Type::clone(ty))
}
