//! Arguments: the context, names, types, defaults.

use super::method::Scope;
use crate::attr::Table;
use crate::diag::Errors;
use crate::endpoint::model::{Arg, ContextArg, DefaultValue, Passing, Since};
use crate::item::kept::Kept;
use crate::item::signature;
use crate::item::types::{
    context_type, has_impl_trait, has_reference, is_context, mentions_self, option_argument, plain,
};
use crate::names;
use crate::text;
use quote::{ToTokens, quote};
use syn::{Ident, Meta, Pat, PatType, Type};

const ARG: Table = Table { keys: &["default", "drop", "flatten", "rename", "since"], misplaced: &[] };

/// An argument of either sort.
pub(super) enum Checked {
    Context(Box<ContextArg>),
    Arg(Box<Arg>),
}

/// Checks the argument at `position` (the receiver not counted).
pub(super) fn check(
    written: &PatType,
    position: usize,
    has_context: bool,
    has_body: bool,
    method: &Scope<'_>,
    errors: &Errors,
) -> Option<Checked> {
    let clean = errors.scope();
    let ty = plain(&written.ty);
    if let Some(cfg) = written.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
        errors.push(cfg, "an argument cannot have `#[cfg]`; put it on the method");
    }
    let marked = written.attrs.iter().find(|attr| attr.path().is_ident("context"));
    if let Some(marked) = marked
        && !matches!(marked.meta, Meta::Path(_))
    {
        errors.push(marked, "`#[context]` takes no arguments");
    }
    let is_context = marked.is_some() || is_context(ty);
    let ident = name(&written.pat, is_context, has_body, errors);
    if is_context {
        let place = quote::ToTokens::to_token_stream(&written.pat);
        let whole = quote!(#place: #ty);
        if has_context {
            errors.push(whole, format!("method `{}` has two contexts", method.ident));
        } else if position > 0 {
            errors.push(whole, "the context must be the first argument");
        }
        if let Some(arg) = written.attrs.iter().find(|attr| attr.path().is_ident("arg")) {
            errors.push(arg, "the context does not travel as an argument; remove `#[arg]`");
        }
        let ty = context_type(ty, errors);
        return clean.is_clean().then(|| {
            Some(Checked::Context(Box::new(ContextArg { ident: ident?, ty: ty?, custom: marked.is_some() })))
        })?;
    }
    let passing = passing(ty, errors);
    let options = Options::read(written, method, errors);
    if clean.is_clean() {
        let ident = ident?;
        Some(Checked::Arg(Box::new(Arg {
            wire_name: options.rename.unwrap_or_else(|| names::wire(&ident)),
            ident,
            ty: ty.clone(),
            passing: passing?,
            default: options.default,
            since: options.since,
            flatten: options.flatten,
            doc: Kept::sort(&written.attrs).doc,
        })))
    } else {
        None
    }
}

fn name(pat: &Pat, is_context: bool, has_body: bool, errors: &Errors) -> Option<Ident> {
    match pat {
        Pat::Ident(name)
            if name.by_ref.is_none() && name.subpat.is_none() && (has_body || name.mutability.is_none()) =>
        {
            Some(name.ident.clone())
        }
        Pat::Wild(wild) if is_context => {
            errors.push(
                wild,
                "the context needs a name because the client's method takes it too; write `_ctx`",
            );
            None
        }
        Pat::Wild(wild) => {
            errors.push(
                wild,
                "arguments need a name because they travel by name; write `_unused: T` with `#[arg(rename = \"..\")]`",
            );
            None
        }
        other => {
            errors.push(other, "arguments need a name, found a pattern");
            None
        }
    }
}

fn passing(ty: &Type, errors: &Errors) -> Option<Passing> {
    if has_impl_trait(ty) {
        errors.push(ty, "`impl Trait` cannot be an argument; write the concrete type");
        return None;
    }
    if mentions_self(ty) {
        errors.push(ty, "`Self` is another type on each side; write the concrete type");
        return None;
    }
    let (reference, optional) = match (ty, option_argument(ty)) {
        (Type::Reference(reference), _) => (reference, false),
        (_, Some(Type::Reference(reference))) => (reference, true),
        _ if has_reference(ty) => {
            nested_reference(ty, errors);
            return None;
        }
        _ => return Some(Passing::Owned),
    };
    if let Some(token) = &reference.mutability {
        errors.push(token, "an argument travels by value; it cannot be `&mut`");
        return None;
    }
    // Any other lifetime is a generic parameter of the method, which is refused there.
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        errors.push(lifetime, format!("an argument lives as long as its request; remove `{lifetime}`"));
        return None;
    }
    if has_reference(&reference.elem) {
        nested_reference(ty, errors);
        return None;
    }
    let inner = Type::clone(&reference.elem);
    Some(if optional { Passing::BorrowedOption(inner) } else { Passing::Borrowed(inner) })
}

fn nested_reference(ty: &Type, errors: &Errors) {
    errors.push(ty, "a reference can only be the whole argument (`&T`) or directly in `Option<&T>`");
}

/// `#[arg(..)]` as read.
#[derive(Default)]
struct Options {
    rename: Option<String>,
    default: Option<DefaultValue>,
    since: Option<Since>,
    flatten: bool,
}

impl Options {
    fn read(written: &PatType, method: &Scope<'_>, errors: &Errors) -> Self {
        let mut options = Self::default();
        let mut marks = written.attrs.iter().filter(|attr| attr.path().is_ident("arg"));
        let Some(mark) = marks.next() else { return options };
        if let Some(second) = marks.next() {
            errors.push(second, "duplicate attribute `#[arg]`");
        }
        let entries = ARG.read(signature::list(mark, errors), errors);
        let mut drop_key = None;
        let mut flatten_key = None;
        for entry in &entries {
            match entry.key.to_string().as_str() {
                "default" => {
                    options.default = Some(match &entry.value {
                        Some(value) => DefaultValue::Expr(value.to_token_stream()),
                        None => DefaultValue::OfType,
                    });
                }
                "drop" => drop_key = entry.flag(errors).then_some(&entry.key),
                "flatten" => flatten_key = entry.flag(errors).then_some(&entry.key),
                "rename" => options.rename = entry.name(errors),
                "since" => {
                    let version = method.version.since(entry, errors);
                    options.since = version.map(|version| Since { version, drop: false });
                }
                _ => {}
            }
        }
        options.flatten = flatten_key.is_some();
        if options.flatten {
            for entry in entries.iter().filter(|entry| entry.key != "flatten") {
                let key = &entry.key;
                errors
                    .push(key, format!("a flattened argument is its fields, so `{key}` has no meaning here"));
            }
        } else if let Some(key) = drop_key {
            match &mut options.since {
                Some(since) => since.drop = true,
                None if entries.iter().any(|entry| entry.key == "since") => {}
                None => errors.push(key, "`drop` has no meaning without `since`"),
            }
        }
        options.check_optional(written, method, errors);
        options
    }

    /// An argument that older peers do not know must be one that can be left out.
    fn check_optional(&self, written: &PatType, method: &Scope<'_>, errors: &Errors) {
        let newer = self.since.as_ref().is_some_and(|since| since.version > method.since);
        if newer && self.default.is_none() && option_argument(&written.ty).is_none() {
            let (pat, ty) = (&written.pat, &written.ty);
            let message = format!(
                "argument `{}` is newer than its method and must be optional\n\
                 help: make it `Option<..>` or add `#[arg(default)]`",
                text::of(pat.to_token_stream())
            );
            errors.push(quote!(#pat: #ty), message);
        }
    }
}
