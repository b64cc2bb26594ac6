//! Methods: their signature, `#[call]` and `#[cast]`, and the names they take.

use super::arg::{self, Checked};
use super::options::{self, EndpointVersion, Options};
use super::output;
use crate::attr::{self, Table};
use crate::diag::Errors;
use crate::endpoint::model::{DefaultValue, Kind, Method};
use crate::item::kept::Kept;
use crate::item::shape::ShapeMethod;
use crate::item::{ast, signature};
use crate::names;
use crate::version::Version;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, FnArg};

const CALL: Table = Table {
    keys: &["aliases", "call_monitor", "name", "since", "timeout"],
    misplaced: &[("fanout", "`fanout` is only possible on casts\nnote: a call waits for one answer")],
};

const CAST: Table = Table {
    keys: &["aliases", "fanout", "name", "since"],
    misplaced: &[
        ("call_monitor", "a cast has no answer to wait for, so `call_monitor` has no meaning here"),
        ("timeout", "a cast has no answer to wait for, so `timeout` has no meaning here"),
    ],
};

/// Items and common trait methods of the generated client.
const RESERVED: [&str; 7] = ["DESCRIPTOR", "new", "in_process", "prepare", "clone", "from", "as_ref"];

/// What is left of a method after its check.
pub(super) struct CheckedMethod {
    pub(super) shape: ShapeMethod,
    /// `None` when anything was wrong with it.
    pub(super) method: Option<Method>,
    pub(super) names: Names,
    /// The types and expressions that generated code repeats.
    pub(super) mentions: TokenStream,
}

/// What an argument's check asks of its method.
pub(super) struct Scope<'a> {
    pub(super) ident: &'a Ident,
    pub(super) since: Version,
    pub(super) version: EndpointVersion,
}

/// The wire names that a method takes, each with the token to blame.
pub(super) struct Names {
    taken: Vec<(String, TokenStream)>,
    cfg: String,
}

pub(super) fn check(
    written: &ast::Method,
    endpoint: &Options,
    client: &Ident,
    errors: &Errors,
) -> CheckedMethod {
    let clean = errors.scope();
    let is_on = |attr: &&Attribute| signature::marker(attr, &endpoint.runtime, &["on"]).is_some();
    for on in written.attrs.iter().filter(is_on) {
        errors.push(on, "`#[on]` is for the methods of a `#[listener]`; those of an endpoint are called");
    }
    let others =
        written.attrs.iter().filter(|attr| marker(attr, &endpoint.runtime).is_none() && !is_on(attr));
    let kept = Kept::sort(others);
    let options = MethodOptions::read(written, endpoint, errors);
    let ident = &written.sig.ident;
    signature::check(&written.sig, "endpoint", errors);
    reserved(ident, client, options.kind, errors);
    let scope = Scope { ident, since: options.since, version: endpoint.version };
    let mut context = None;
    let mut args = Vec::new();
    let typed = written.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (position, typed) in typed.enumerate() {
        let has_body = written.body.is_some();
        match arg::check(typed, position, context.is_some(), has_body, &scope, errors) {
            Some(Checked::Context(found)) => context = Some(*found),
            Some(Checked::Arg(found)) => args.push(*found),
            None => {}
        }
    }
    let output = output::check(ident, &written.sig.output, options.kind, errors);
    let arg_names = args.iter().filter(|arg| !arg.flatten);
    let arg_names: Vec<_> =
        arg_names.map(|arg| Names::new(vec![(arg.wire_name.clone(), arg.ident.to_token_stream())])).collect();
    Names::check_unique(&arg_names, errors);

    let mentions = args.iter().map(|arg| {
        let ty = &arg.ty;
        match &arg.default {
            Some(DefaultValue::Expr(default)) => quote!(#ty #default),
            _ => quote!(#ty),
        }
    });
    let mentions = mentions.chain(context.iter().map(|context| context.ty.to_token_stream()));
    let mentions = mentions.chain([output.to_token_stream()]).collect();
    let mut taken = vec![(options.name.clone(), ident.to_token_stream())];
    taken.extend(options.aliases.iter().map(|alias| (alias.value(), alias.to_token_stream())));
    let names = Names { taken, cfg: kept.cfg.to_string() };
    let shape = ShapeMethod::new(written, &kept);
    let method = clean.is_clean().then(|| Method {
        ident: ident.clone(),
        wire_name: options.name,
        aliases: options.aliases.iter().map(syn::LitStr::value).collect(),
        kind: options.kind,
        since: options.since,
        timeout: options.timeout,
        call_monitor: options.call_monitor,
        context,
        args,
        output,
        cfg: kept.cfg,
        client_attrs: kept.public,
        doc: kept.doc,
        deprecated: kept.deprecated,
    });
    CheckedMethod { shape, method, names, mentions }
}

/// `#[call]` or `#[cast]`.
fn marker(attr: &Attribute, runtime: &TokenStream) -> Option<&'static str> {
    signature::marker(attr, runtime, &["call", "cast"])
}

struct MethodOptions {
    kind: Kind,
    name: String,
    aliases: Vec<syn::LitStr>,
    since: Version,
    timeout: Option<u64>,
    call_monitor: Option<u64>,
}

impl MethodOptions {
    fn read(written: &ast::Method, endpoint: &Options, errors: &Errors) -> Self {
        let ident = &written.sig.ident;
        let name = names::wire(ident);
        let mut options = Self {
            kind: Kind::Call,
            name: endpoint.rename_all.map_or_else(|| name.clone(), |case| case.apply(&name)),
            aliases: Vec::new(),
            since: Version { minor: 0, ..endpoint.version.value },
            timeout: None,
            call_monitor: None,
        };
        let mut marks =
            written.attrs.iter().filter_map(|attr| Some((attr, marker(attr, &endpoint.runtime)?)));
        let Some((mark, kind)) = marks.next() else { return options };
        for (extra, extra_kind) in marks {
            let message = if extra_kind == kind {
                format!("duplicate attribute `#[{kind}]`")
            } else {
                format!("method `{ident}` is marked both `#[call]` and `#[cast]`")
            };
            errors.push(extra, message);
        }
        let (table, mut fanout) = if kind == "cast" { (CAST, false) } else { (CALL, false) };
        for entry in table.read(signature::list(mark, errors), errors) {
            match entry.key.to_string().as_str() {
                "aliases" => options.aliases = aliases(&entry, errors),
                "call_monitor" => options.call_monitor = options::millis(&entry, errors),
                "fanout" => fanout = entry.flag(errors),
                "name" => options.name = entry.name(errors).unwrap_or(options.name),
                "since" => options.since = endpoint.version.since(&entry, errors).unwrap_or(options.since),
                "timeout" => options.timeout = options::millis(&entry, errors),
                _ => {}
            }
        }
        if kind == "cast" {
            options.kind = Kind::Cast { fanout };
        }
        options
    }
}

fn aliases(entry: &attr::Entry, errors: &Errors) -> Vec<syn::LitStr> {
    let mut aliases = Vec::new();
    for element in entry.list(errors) {
        match attr::literal(&element) {
            Some(text) if !text.value().is_empty() => aliases.push(text.clone()),
            _ => errors.push(element, "expected a name: `\"..\"`"),
        }
    }
    aliases
}

fn reserved(ident: &Ident, client: &Ident, kind: Kind, errors: &Errors) {
    if RESERVED.iter().any(|name| ident == name) {
        let attribute = if kind == Kind::Call { "call" } else { "cast" };
        let message = format!(
            "method name `{ident}` is taken by `{client}::{ident}`\n\
             help: rename the method and set `#[{attribute}(name = \"{ident}\")]`"
        );
        errors.push(ident, message);
    }
}

impl Names {
    fn new(taken: Vec<(String, TokenStream)>) -> Self {
        Self { taken, cfg: String::new() }
    }

    /// Reports each name that is taken twice, unless two different `#[cfg]`s keep the takers apart.
    pub(super) fn check_unique(all: &[Self], errors: &Errors) {
        let mut seen: Vec<(&str, &TokenStream, &str)> = Vec::new();
        for names in all {
            for (name, token) in &names.taken {
                let apart = |cfg: &str| !cfg.is_empty() && !names.cfg.is_empty() && cfg != names.cfg;
                match seen.iter().find(|(earlier, _, cfg)| earlier == name && !apart(cfg)) {
                    Some((_, first, _)) => {
                        errors.push(token, format!("wire name `{name}` is used twice"));
                        errors.push(first, "first used here");
                    }
                    None => seen.push((name, token, &names.cfg)),
                }
            }
        }
    }
}
