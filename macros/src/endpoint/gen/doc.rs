//! Documentation of the client.

use crate::duration;
use crate::endpoint::model::{Arg, Contract, Kind, Method};
use crate::item::doc::{DocLine, lines};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// What a client method's documentation ends with: its arguments, and what is sent.
pub(super) fn of_client_method(contract: &Contract, method: &Method) -> TokenStream {
    let mut output = TokenStream::new();
    let documented: Vec<&Arg> = method.args.iter().filter(|arg| !arg.doc.is_empty()).collect();
    let mut has_own = !method.doc.is_empty();
    if !documented.is_empty() {
        output.extend(lines(has_own, ["# Arguments".to_owned(), String::new()]));
        output.extend(documented.iter().map(|arg| argument(arg)));
        has_own = true;
    }
    output.extend(lines(has_own, [sends(contract, method)]));
    output
}

fn argument(arg: &Arg) -> TokenStream {
    let mut prefix = format!(" * `{}`: ", crate::names::wire(&arg.ident));
    let lines = arg.doc.lines.iter().map(|line| {
        let prefix = std::mem::replace(&mut prefix, "   ".to_owned());
        match line {
            DocLine::Text(text) => format!("{prefix}{text}").into_token_stream(),
            DocLine::Expr(expr) => quote!(::core::concat!(#prefix, #expr)),
        }
    });
    quote!(#(#[doc = #lines])*)
}

fn sends(contract: &Contract, method: &Method) -> String {
    let name = match &contract.namespace {
        Some(namespace) => format!("{namespace}.{}", method.wire_name),
        None => method.wire_name.clone(),
    };
    let since = method.since;
    match method.kind {
        Kind::Call => {
            let timeout = method.timeout.or(contract.timeout);
            let timeout =
                timeout.map(|t| format!("; default timeout {}", duration::describe(t))).unwrap_or_default();
            format!("Sends `{name}` (since {since}) and waits for the answer{timeout}.")
        }
        Kind::Cast { fanout: false } => {
            format!("Sends `{name}` (since {since}) to one server; nobody answers.")
        }
        Kind::Cast { fanout: true } => {
            format!("Sends `{name}` (since {since}) to every server; nobody answers.")
        }
    }
}
