//! The contract as constants, the numbering of its methods, and its registration.

use super::{Helpers, duration, version};
use crate::endpoint::model::{Arg, Contract, Kind, Method};
use crate::text;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

pub(super) fn items(contract: &Contract, helpers: &Helpers) -> TokenStream {
    let Helpers { rt, index, descriptor, .. } = helpers;
    let name = crate::names::wire(&contract.shape.ident);
    let implemented = version(rt, contract.version);
    let variants = contract.methods.iter().map(|method| {
        let Method { cfg, ident, .. } = method;
        quote!(#cfg #ident,)
    });
    let methods = contract.methods.iter().map(|method| {
        let cfg = &method.cfg;
        let described = self::method(contract, method, helpers);
        quote!(#cfg #described,)
    });
    let mut setters = TokenStream::new();
    if let Some(namespace) = &contract.namespace {
        setters.extend(quote!(.namespace(#namespace)));
    }
    if !contract.legacy_namespaces.is_empty() {
        let legacy = contract.legacy_namespaces.iter().map(|namespace| match namespace {
            Some(namespace) => quote!(::core::option::Option::Some(#namespace)),
            None => quote!(::core::option::Option::None),
        });
        setters.extend(quote!(.legacy_namespaces(&[#(#legacy),*])));
    }
    if let Some(timeout) = contract.timeout {
        let timeout = duration(rt, timeout);
        setters.extend(quote!(.timeout(#timeout)));
    }
    if contract.ignore_unknown_args {
        setters.extend(quote!(.ignore_unknown_args(true)));
    }
    if contract.docs && !contract.doc.is_empty() {
        let doc = contract.doc.text();
        setters.extend(quote!(.doc(#doc)));
    }
    quote_spanned! {Span::mixed_site()=>
        /// Numbers the methods that `#[cfg]` leaves.
        enum #index { #(#variants)* }

        static #descriptor: #rt::EndpointDescriptor =
            #rt::EndpointDescriptor::new(#name, #implemented, &[#(#methods)*])
                .module(::core::module_path!())
                #setters;

        #rt::submit!(#descriptor);
    }
}

fn method(contract: &Contract, method: &Method, helpers: &Helpers) -> TokenStream {
    let rt = &helpers.rt;
    let name = crate::names::wire(&method.ident);
    let kind = match method.kind {
        Kind::Call => quote!(Call),
        Kind::Cast { .. } => quote!(Cast),
    };
    let since = version(rt, method.since);
    let mut setters = TokenStream::new();
    if method.wire_name != name {
        let wire_name = &method.wire_name;
        setters.extend(quote!(.wire_name(#wire_name)));
    }
    if !method.aliases.is_empty() {
        let aliases = &method.aliases;
        setters.extend(quote!(.aliases(&[#(#aliases),*])));
    }
    if let Some(timeout) = method.timeout {
        let timeout = duration(rt, timeout);
        setters.extend(quote!(.timeout(#timeout)));
    }
    if let Some(monitor) = method.call_monitor {
        let monitor = duration(rt, monitor);
        setters.extend(quote!(.call_monitor(#monitor)));
    }
    if method.kind == (Kind::Cast { fanout: true }) {
        setters.extend(quote!(.fanout(true)));
    }
    if !method.args.is_empty() {
        let args = method.args.iter().map(|arg| self::arg(contract, arg, helpers));
        setters.extend(quote!(.args(&[#(#args),*])));
    }
    if let Some(output) = &method.output {
        let returns = text::of(output.to_token_stream());
        setters.extend(quote!(.returns(#returns)));
    }
    if contract.docs && !method.doc.is_empty() {
        let doc = method.doc.text();
        setters.extend(quote!(.doc(#doc)));
    }
    if let Some(note) = &method.deprecated {
        setters.extend(quote!(.deprecated(#note)));
    }
    quote!(#rt::MethodDescriptor::new(#name, #rt::MethodKind::#kind, #since) #setters)
}

fn arg(contract: &Contract, arg: &Arg, helpers: &Helpers) -> TokenStream {
    let rt = &helpers.rt;
    let name = crate::names::wire(&arg.ident);
    let ty = text::of(arg.ty.to_token_stream());
    let mut setters = TokenStream::new();
    if arg.wire_name != name {
        let wire_name = &arg.wire_name;
        setters.extend(quote!(.wire_name(#wire_name)));
    }
    if let Some(since) = &arg.since {
        let since = version(rt, since.version);
        setters.extend(quote!(.since(#since)));
    }
    if arg.default.is_some() {
        setters.extend(quote!(.has_default(true)));
    }
    if arg.flatten {
        setters.extend(quote!(.flatten(true)));
    }
    if contract.docs && !arg.doc.is_empty() {
        let doc = arg.doc.text();
        setters.extend(quote!(.doc(#doc)));
    }
    quote!(#rt::ArgDescriptor::new(#name, #ty) #setters)
}
