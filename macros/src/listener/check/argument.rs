//! Arguments: the context, and one event or several.

use crate::diag::Errors;
use crate::item::types::{
    context_type, has_impl_trait, has_reference, is_context, mentions_self, plain, type_arguments,
};
use crate::listener::model::{ContextArg, Payload};
use crate::text;
use quote::{ToTokens, quote};
use syn::{FnArg, Meta, Pat, PatType, PathArguments, Signature, Type};

/// What a method takes.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) context: Option<ContextArg>,
    /// `None` when something was wrong with it.
    pub(super) event: Option<EventArg>,
}

/// `Event<..>` or `Vec<Event<..>>`.
pub(super) struct EventArg {
    pub(super) payload: Payload,
    pub(super) batch: bool,
}

pub(super) fn check(sig: &Signature, errors: &Errors) -> Arguments {
    let mut arguments = Arguments::default();
    let mut written_context = None;
    let mut other = false;
    let typed = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (position, typed) in typed.enumerate() {
        common(typed, errors);
        let ty = plain(&typed.ty);
        let custom = typed.attrs.iter().any(|attr| attr.path().is_ident("context"));
        if custom || is_context(ty) {
            let pat = &typed.pat;
            let whole = quote!(#pat: #ty);
            if written_context.is_some() {
                errors.push(&whole, format!("method `{}` has two contexts", sig.ident));
            } else if position > 0 {
                errors.push(&whole, "the context must be the first argument");
            }
            arguments.context = context_type(ty, errors).map(|ty| ContextArg { ty, custom });
            written_context = Some(whole);
        } else if let Some(event) = event(ty) {
            if arguments.event.is_some() {
                let message = format!(
                    "method `{}` takes two events\nhelp: `Vec<Event<..>>` takes as many as have come",
                    sig.ident
                );
                errors.push(ty, message);
            }
            payload(&event.payload, errors);
            arguments.event = Some(event);
        } else {
            other = true;
            let message = format!(
                "a listener's method takes `Event<..>` or `Vec<Event<..>>`, found `{}`\n\
                 note: the payload's type is read from here, so an alias of `Event` is none",
                text::of(ty.to_token_stream())
            );
            errors.push(ty, message);
        }
    }
    match (&arguments.event, written_context) {
        (None, _) if !other => errors.push(
            &sig.ident,
            format!("method `{}` takes no event\nhelp: add `event: Event<Payload>`", sig.ident),
        ),
        (Some(EventArg { batch: true, .. }), Some(whole)) => {
            errors.push(whole, "a batch has no context of its own: each event has its `context`");
        }
        _ => {}
    }
    arguments
}

/// What holds for every argument.
fn common(written: &PatType, errors: &Errors) {
    for attr in &written.attrs {
        if attr.path().is_ident("cfg") {
            errors.push(attr, "an argument cannot have `#[cfg]`; put it on the method");
        } else if attr.path().is_ident("arg") {
            errors.push(attr, "`#[arg]` is for the arguments of an `#[endpoint]`'s methods; remove it");
        } else if attr.path().is_ident("context") && !matches!(attr.meta, Meta::Path(_)) {
            errors.push(attr, "`#[context]` takes no arguments");
        }
    }
    match &*written.pat {
        Pat::Wild(_) => {}
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() && name.mutability.is_none() => {}
        other => errors.push(other, "arguments need a name, found a pattern"),
    }
}

/// Reads `Event`, `Event<P>` and `Vec` of them, by whatever path.
fn event(ty: &Type) -> Option<EventArg> {
    let Type::Path(path) = plain(ty) else { return None };
    let last = path.path.segments.last()?;
    let arguments = type_arguments(last);
    match arguments.as_slice() {
        [] if last.ident == "Event" && matches!(last.arguments, PathArguments::None) => {
            Some(EventArg { payload: Payload::Raw(last.ident.span()), batch: false })
        }
        [payload] if last.ident == "Event" => {
            Some(EventArg { payload: Payload::Typed(Box::new(Type::clone(payload))), batch: false })
        }
        [one] if last.ident == "Vec" => {
            event(one).filter(|one| !one.batch).map(|one| EventArg { batch: true, ..one })
        }
        _ => None,
    }
}

fn payload(payload: &Payload, errors: &Errors) {
    let Payload::Typed(ty) = payload else { return };
    if has_impl_trait(ty) {
        errors.push(ty, "`impl Trait` cannot be a payload; write the concrete type");
    } else if mentions_self(ty) {
        errors.push(ty, "`Self` is another type in each implementation; write the concrete type");
    } else if has_reference(ty) {
        errors.push(ty, "a payload is its handler's own and cannot hold a reference");
    }
}
