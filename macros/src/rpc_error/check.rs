//! Every rule about `#[rpc_error(..)]`, and what is sound.

use super::ast::{Case, ErrorType};
use crate::attr::{self, Entry, Table};
use crate::diag::Errors;
use crate::names;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Fields, Meta, Type};

const TYPE: Table = Table {
    keys: &["crate", "module"],
    misplaced: &[
        ("also", "`also` belongs on a variant"),
        ("class", "`class` belongs on a variant"),
        ("internal", "`internal` belongs on a variant"),
        ("other", "`other` belongs on a variant"),
    ],
};
const VARIANT: Table = Table {
    keys: &["also", "class", "internal", "module", "other"],
    misplaced: &[("crate", "`crate` belongs on the type")],
};
const STRUCT: Table = Table {
    keys: &["also", "class", "crate", "internal", "module"],
    misplaced: &[("other", "`other` belongs on a variant of an enum")],
};

/// A checked error type.
pub(super) struct Model {
    pub(super) runtime: TokenStream,
    pub(super) ident: Ident,
    /// Whether it has parameters, which is an error.
    pub(super) generic: bool,
    pub(super) errors: Vec<Declared>,
    /// The variant that takes every other failure.
    pub(super) other: Option<TokenStream>,
}

/// An error with a class.
pub(super) struct Declared {
    /// `Self::Variant` or `Self`.
    pub(super) path: TokenStream,
    pub(super) name: Class,
    /// Other classes that select it on receipt.
    pub(super) also: Vec<Class>,
    pub(super) internal: bool,
    pub(super) fields: CheckedFields,
}

/// A class in a module, `None` being the Rust module of the type.
#[derive(Clone, PartialEq)]
pub(super) struct Class {
    pub(super) module: Option<String>,
    pub(super) class: String,
}

/// What travels as keyword and as positional arguments.
pub(super) enum CheckedFields {
    Named(Vec<(Ident, String, Type)>),
    Positional(Vec<Type>),
    Unit,
}

/// `#[rpc_error(..)]` of one case.
#[derive(Default)]
struct Options {
    runtime: Option<TokenStream>,
    module: Option<String>,
    class: Option<String>,
    also: Vec<Class>,
    internal: bool,
    other: bool,
}

pub(super) fn error(written: &ErrorType, errors: &Errors) -> Model {
    if written.generics.lt_token.is_some() {
        let message = format!("error type `{}` must not have generic parameters", written.ident);
        errors.push(&written.generics, message);
    }
    let table = if written.is_enum { TYPE } else { STRUCT };
    let outer = Options::read(&table, &written.attrs, errors);
    let mut model = Model {
        runtime: outer.runtime.clone().unwrap_or_else(|| quote!(::oslo_messaging)),
        ident: written.ident.clone(),
        generic: written.generics.lt_token.is_some(),
        errors: Vec::new(),
        other: None,
    };
    let mut seen: Vec<(Class, &Ident)> = Vec::new();
    for case in &written.cases {
        let inner =
            if written.is_enum { Options::read(&VARIANT, &case.attrs, errors) } else { Options::default() };
        if inner.other {
            other(case, &model, errors);
            model.other = Some(case.path.clone());
            continue;
        }
        let own = if written.is_enum { &inner } else { &outer };
        let module = inner.module.clone().or_else(|| outer.module.clone());
        let class = own.class.clone().unwrap_or_else(|| names::wire(&case.ident));
        let name = Class { module, class };
        for class in own.also.iter().chain([&name]) {
            match seen.iter().find(|(earlier, _)| earlier == class) {
                Some((_, first)) => {
                    errors.push(&case.ident, format!("class `{}` is declared twice", class.class));
                    errors.push(first, "first declared here");
                }
                None => seen.push((class.clone(), &case.ident)),
            }
        }
        model.errors.push(Declared {
            path: case.path.clone(),
            name,
            also: own.also.clone(),
            internal: own.internal,
            fields: fields(&case.fields),
        });
    }
    model
}

fn other(case: &Case, model: &Model, errors: &Errors) {
    let holds_one = matches!(&case.fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    if !holds_one {
        let message = format!("an `other` variant holds the failure: `{}(RemoteFailure)`", case.ident);
        errors.push(&case.ident, message);
    }
    if model.other.is_some() {
        errors.push(&case.ident, "only one variant can be `other`");
    }
}

fn fields(fields: &Fields) -> CheckedFields {
    match fields {
        Fields::Named(fields) => {
            let named = fields.named.iter().filter_map(|field| {
                let ident = field.ident.clone()?;
                Some((ident.clone(), names::wire(&ident), field.ty.clone()))
            });
            CheckedFields::Named(named.collect())
        }
        Fields::Unnamed(fields) => {
            CheckedFields::Positional(fields.unnamed.iter().map(|field| field.ty.clone()).collect())
        }
        Fields::Unit => CheckedFields::Unit,
    }
}

impl Options {
    fn read(table: &Table, attrs: &[Attribute], errors: &Errors) -> Self {
        let mut options = Self::default();
        let mut marks = attrs.iter().filter(|attr| attr.path().is_ident("rpc_error"));
        let Some(mark) = marks.next() else { return options };
        if let Some(second) = marks.next() {
            errors.push(second, "duplicate attribute `#[rpc_error]`");
        }
        let Meta::List(list) = &mark.meta else {
            errors.push(mark, "expected `#[rpc_error(..)]`");
            return options;
        };
        let entries = table.read(list.tokens.clone(), errors);
        for entry in &entries {
            match entry.key.to_string().as_str() {
                "also" => options.also = also(entry, errors),
                "class" => options.class = entry.name(errors),
                "crate" => options.runtime = entry.path(errors).map(ToTokens::into_token_stream),
                "internal" => options.internal = entry.flag(errors),
                "module" => options.module = entry.name(errors),
                "other" => options.other = entry.flag(errors),
                _ => {}
            }
        }
        for entry in &entries {
            let key = &entry.key;
            if options.other && key != "other" {
                errors.push(key, format!("`other` takes every class, so `{key}` has no meaning here"));
            } else if options.internal && key == "also" {
                errors.push(key, "an `internal` error is never received, so `also` has no meaning here");
            }
        }
        options
    }
}

/// One or several `"module.Class"`.
fn also(entry: &Entry, errors: &Errors) -> Vec<Class> {
    let single = entry.value.as_ref().filter(|value| attr::literal(value).is_some());
    let elements = single.map_or_else(|| entry.list(errors), |value| vec![value.clone()]);
    let classes = elements.iter().filter_map(|element| {
        let text = attr::literal(element).map(syn::LitStr::value);
        match text.as_deref().and_then(|text| text.rsplit_once('.')) {
            Some((module, class)) if !module.is_empty() && !class.is_empty() => {
                Some(Class { module: Some(module.to_owned()), class: class.to_owned() })
            }
            _ => {
                errors.push(
                    element,
                    "expected a class with its module, such as `\"nova.exception.InstanceNotFound\"`",
                );
                None
            }
        }
    });
    classes.collect()
}
