//! The options of `#[endpoint(..)]`, and the literals that several attributes share.

use crate::attr::{self, Entry, Table};
use crate::diag::Errors;
use crate::duration;
use crate::names::Case;
use crate::version::Version;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Expr, LitStr};

const ENDPOINT: Table = Table {
    keys: &[
        "client",
        "crate",
        "docs",
        "endpoint",
        "legacy_namespaces",
        "namespace",
        "rename_all",
        "timeout",
        "unknown_args",
        "version",
    ],
    misplaced: &[],
};

/// `#[endpoint(..)]` as read; what is wrong has its default.
pub(super) struct Options {
    pub(super) runtime: TokenStream,
    pub(super) client: Option<Ident>,
    pub(super) endpoint: Option<Ident>,
    pub(super) docs: bool,
    pub(super) namespace: Option<String>,
    pub(super) legacy_namespaces: Vec<Option<String>>,
    pub(super) rename_all: Option<Case>,
    pub(super) timeout: Option<u64>,
    pub(super) ignore_unknown_args: bool,
    pub(super) version: EndpointVersion,
}

/// The version of the endpoint; other versions are compared with it only where it was read.
#[derive(Clone, Copy)]
pub(super) struct EndpointVersion {
    pub(super) value: Version,
    known: bool,
}

impl Options {
    pub(super) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let mut options = Self {
            runtime: quote!(::oslo_messaging),
            client: None,
            endpoint: None,
            docs: true,
            namespace: None,
            legacy_namespaces: Vec::new(),
            rename_all: None,
            timeout: None,
            ignore_unknown_args: false,
            version: EndpointVersion { value: Version { major: 1, minor: 0 }, known: false },
        };
        let mut has_version = false;
        for entry in ENDPOINT.read(tokens, errors) {
            match entry.key.to_string().as_str() {
                "client" => options.client = entry.ident(errors),
                "crate" => {
                    if let Some(path) = entry.path(errors) {
                        options.runtime = path.into_token_stream();
                    }
                }
                "docs" => options.docs = entry.bool(errors).unwrap_or(true),
                "endpoint" => options.endpoint = entry.ident(errors),
                "legacy_namespaces" => options.legacy_namespaces = legacy(&entry, errors),
                "namespace" => {
                    options.namespace = entry.string(errors).and_then(|text| namespace(&text, errors))
                }
                "rename_all" => options.rename_all = case(&entry, errors),
                "timeout" => options.timeout = millis(&entry, errors),
                "unknown_args" => options.ignore_unknown_args = unknown_args(&entry, errors),
                "version" => {
                    has_version = true;
                    if let Some(value) = entry.version(errors) {
                        options.version = EndpointVersion { value, known: true };
                    }
                }
                _ => {}
            }
        }
        if !has_version {
            errors.push_at(
                Span::call_site(),
                "missing `version`\nhelp: for example `#[endpoint(namespace = \"compute\", version = \"1.0\")]`",
            );
        }
        options
    }
}

impl EndpointVersion {
    /// Reads a `since` and compares it.
    pub(super) fn since(self, entry: &Entry, errors: &Errors) -> Option<Version> {
        let since = entry.version(errors)?;
        if !self.known || (since.major == self.value.major && since.minor <= self.value.minor) {
            return Some(since);
        }
        let endpoint = self.value;
        let message = if since.major == endpoint.major {
            format!(
                "`since = \"{since}\"` is newer than the endpoint version `{endpoint}`\n\
                 help: raise `version` to `{since}`"
            )
        } else {
            format!(
                "`since = \"{since}\"` has another major version than the endpoint (`{endpoint}`)\n\
                 help: a new major is a new trait"
            )
        };
        errors.push(&entry.value, message);
        None
    }
}

/// Reads a duration as milliseconds.
pub(super) fn millis(entry: &Entry, errors: &Errors) -> Option<u64> {
    let text = entry.string(errors)?;
    let millis = duration::parse_millis(&text.value());
    if millis.is_none() {
        let text_value = text.value();
        let message =
            format!("invalid duration `{text_value}`, expected a number and a unit: `ms`, `s`, `m` or `h`");
        errors.push(&text, message);
    }
    millis
}

/// An empty namespace is not the null namespace on the wire, and nobody who writes it means it.
fn namespace(text: &LitStr, errors: &Errors) -> Option<String> {
    if text.value().is_empty() {
        errors.push(
            text,
            "a namespace must not be empty\n\
             help: for the null namespace leave `namespace` out, or write `none` in `legacy_namespaces`",
        );
        return None;
    }
    Some(text.value())
}

fn legacy(entry: &Entry, errors: &Errors) -> Vec<Option<String>> {
    let mut namespaces = Vec::new();
    for element in entry.list(errors) {
        match (attr::literal(&element), &element) {
            (Some(text), _) => namespaces.extend(namespace(text, errors).map(Some)),
            (None, Expr::Path(path)) if path.path.is_ident("none") => namespaces.push(None),
            (None, other) => errors.push(other, "expected a string or `none`"),
        }
    }
    namespaces
}

fn case(entry: &Entry, errors: &Errors) -> Option<Case> {
    let text = entry.string(errors)?;
    let case = Case::parse(&text.value());
    if case.is_none() {
        let known: Vec<_> = Case::ALL.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("unknown case `{}`\nnote: known cases: {}", text.value(), known.join(", "));
        errors.push(&text, message);
    }
    case
}

fn unknown_args(entry: &Entry, errors: &Errors) -> bool {
    let Some(text) = entry.string(errors) else { return false };
    match text.value().as_str() {
        "deny" => false,
        "ignore" => true,
        _ => {
            errors.push(&text, "expected `\"deny\"` or `\"ignore\"`");
            false
        }
    }
}
