//! `#[register]`: an implementation of a contract that servers find by themselves.

use crate::attr::Table;
use crate::diag::Errors;
use crate::names::Taken;
use crate::text;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Generics, Path, Token, Type};

const REGISTER: Table = Table { keys: &["crate", "endpoint", "state"], misplaced: &[] };

/// The head of an `impl Contract for Service`; its body is nobody's business here.
struct Head {
    cfg: Vec<Attribute>,
    impl_token: Token![impl],
    generics: Generics,
    /// `None` for an inherent implementation.
    contract: Option<Path>,
    service: Type,
}

/// The whole macro as a function of tokens. Whatever is wrong, the implementation itself is in the output.
pub(crate) fn expand(attr: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::default();
    let factory = factory(attr, &item, &errors);
    quote!(#errors #item #factory)
}

fn factory(attr: TokenStream, item: &TokenStream, errors: &Errors) -> Option<TokenStream> {
    let clean = errors.scope();
    let (mut runtime, mut endpoint, mut state) = (quote!(::oslo_messaging), None, None);
    let mut has_state = false;
    for entry in REGISTER.read(attr, errors) {
        match entry.key.to_string().as_str() {
            "crate" => runtime = entry.path(errors).map_or(runtime, ToTokens::into_token_stream),
            "endpoint" => endpoint = entry.path(errors),
            "state" => {
                has_state = true;
                state = entry.path(errors);
            }
            _ => {}
        }
    }
    if !has_state {
        errors.push_at(Span::call_site(), "missing `state`\nhelp: for example `#[register(state = App)]`");
    }
    let head = head(item, errors)?;
    if head.generics.lt_token.is_some() {
        errors.push(
            &head.generics,
            "a generic implementation cannot be registered; register each concrete type",
        );
    }
    let contract = head.contract?;
    if !clean.is_clean() {
        return None;
    }
    let endpoint = endpoint.unwrap_or_else(|| endpoint_of(contract));
    Some(registration(&runtime, &endpoint, &head.service, &state?, &head.cfg))
}

fn head(item: &TokenStream, errors: &Errors) -> Option<Head> {
    const EXPECTED: &str = "expected `impl Contract for Service`; `#[register]` registers an implementation";
    match syn::parse2::<Head>(item.clone()) {
        Ok(head) if head.contract.is_none() => {
            errors.push(head.impl_token, EXPECTED);
            None
        }
        Ok(head) => Some(head),
        Err(error) => {
            errors.push_at(error.span(), EXPECTED);
            None
        }
    }
}

impl Parse for Head {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut cfg = input.call(Attribute::parse_outer)?;
        cfg.retain(|attr| attr.path().is_ident("cfg"));
        let impl_token = input.parse()?;
        let generics = input.parse()?;
        let first: Type = input.parse()?;
        let (contract, service) = match (input.parse::<Option<Token![for]>>()?, first) {
            (Some(_), Type::Path(contract)) if contract.qself.is_none() => {
                (Some(contract.path), input.parse()?)
            }
            (_, service) => (None, service),
        };
        input.parse::<TokenStream>()?;
        Ok(Self { cfg, impl_token, generics, contract, service })
    }
}

/// `api::ComputeEndpoint` for `api::Compute`.
fn endpoint_of(mut contract: Path) -> Path {
    if let Some(last) = contract.segments.last_mut() {
        last.ident = format_ident!("{}Endpoint", last.ident);
    }
    contract
}

fn registration(
    runtime: &TokenStream,
    endpoint: &Path,
    service: &Type,
    state: &Path,
    cfg: &[Attribute],
) -> TokenStream {
    let mut taken = Taken::default();
    taken.add(quote!(#endpoint #service #state));
    let (rt, build) = (taken.fresh("rt"), taken.fresh("build"));
    let (service_name, state_name) = (text::of(service.to_token_stream()), text::of(state.to_token_stream()));
    quote_spanned! {Span::mixed_site()=>
        #(#cfg)*
        const _: () = {
            use #runtime::__private as #rt;

            fn #build(state: &dyn ::core::any::Any) -> ::core::option::Option<#rt::Arc<dyn #rt::Endpoint>> {
                let state = state.downcast_ref::<#state>()?;
                let service = <#service as ::core::convert::From<&#state>>::from(state);
                ::core::option::Option::Some(#rt::Arc::new(#endpoint::new(service)))
            }

            #rt::submit_factory!(#rt::EndpointFactory::new(
                #endpoint::<#service>::DESCRIPTOR,
                #service_name,
                #state_name,
                ::core::module_path!(),
                #build,
            ));
        };
    }
}
