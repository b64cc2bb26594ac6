//! Documentation: the user's words first, generated words after a blank line.

use crate::duration;
use crate::endpoint::model::{Arg, Contract, Doc, DocLine, Kind, Method, ShapeItem};
use crate::text;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

impl Doc {
    /// An expression of type `&'static str`.
    pub(super) fn text(&self) -> TokenStream {
        let literal: Option<Vec<&str>> = self.lines.iter().map(DocLine::literal).collect();
        match literal {
            Some(lines) => lines.join("\n").trim_end().into_token_stream(),
            None => {
                let lines = self.lines.iter().map(|line| match line {
                    DocLine::Text(text) => quote!(#text, "\n",),
                    DocLine::Expr(expr) => quote!(#expr, "\n",),
                });
                quote!(::core::concat!(#(#lines)*))
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

impl DocLine {
    fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Expr(_) => None,
        }
    }
}

/// Lines of documentation that follow what the user wrote.
fn lines(has_own: bool, lines: impl IntoIterator<Item = String>) -> TokenStream {
    let blank = has_own.then(String::new);
    let lines =
        blank.into_iter().chain(lines).map(|line| if line.is_empty() { line } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

/// What the trait's documentation ends with: an `impl` to copy. rustc's own suggestion for a missing method spells the
/// desugared signature, which nobody wants to write.
pub(super) fn of_trait(contract: &Contract, has_own: bool) -> TokenStream {
    let (ident, endpoint, client) = (&contract.shape.ident, &contract.endpoint, &contract.client);
    let head = lines(
        has_own,
        [
            format!(
                "Implement the methods with `async fn`; serve an implementation with [`{endpoint}`], call one with \
                 [`{client}`]."
            ),
            String::new(),
            "```text".to_owned(),
            format!("impl {ident} for YourType {{"),
        ],
    );
    let methods = contract.shape.items.iter().filter_map(|item| match item {
        ShapeItem::Method(method) => Some(method),
        ShapeItem::Other(_) => None,
    });
    let methods = methods.map(|method| {
        let mut sig = method.sig.clone();
        sig.inputs.pop_punct();
        let line = format!("     {} {{ .. }}", text::of(sig.to_token_stream()));
        match method.cfg_predicates.as_slice() {
            [] => quote!(#[doc = #line]),
            predicates => quote!(#[cfg_attr(all(#(#predicates),*), doc = #line)]),
        }
    });
    quote!(#head #(#methods)* #[doc = " }"] #[doc = " ```"])
}

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
