//! `<Trait>Endpoint`: one handler a method, which decodes the arguments by name before its future exists, and the table
//! of handlers. Only this code is generic over the service.

use super::defaults::default_of;
use super::{Helpers, argument_names};
use crate::endpoint::model::{Arg, Contract, Kind, Method, Passing};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

pub(super) fn definition(contract: &Contract, helpers: &Helpers) -> TokenStream {
    let Contract { shape, runtime, endpoint, .. } = contract;
    let (cfg, vis, service) = (&shape.cfg, &shape.vis, &helpers.service);
    let doc = format!(" Serves an implementation of [`{}`]. Cheap to clone.", shape.ident);
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #cfg
        #vis struct #endpoint<#service> {
            service: #runtime::__private::Arc<#service>,
        }
    }
}

pub(super) fn items(contract: &Contract, helpers: &Helpers) -> TokenStream {
    let Contract { shape, endpoint, .. } = contract;
    let Helpers { rt, descriptor, service, .. } = helpers;
    let (ident, vis) = (&shape.ident, &shape.vis);
    let name = endpoint.to_string();
    let handlers = contract.methods.iter().map(|method| handler(contract, method, helpers));
    let table = contract.methods.iter().map(|method| {
        let cfg = &method.cfg;
        let handler = contract.taken.handler(&method.ident);
        quote!(#cfg #handler::<#service>,)
    });
    quote_spanned! {Span::mixed_site()=>
        impl<#service: #ident> #endpoint<#service> {
            /// The contract as data.
            #vis const DESCRIPTOR: &'static #rt::EndpointDescriptor = &#descriptor;

            const HANDLERS: &'static [#rt::Handler<#service>] = &[#(#table)*];

            /// Serves `service`.
            #vis fn new(service: #service) -> Self {
                Self::from_arc(#rt::Arc::new(service))
            }

            /// Serves a service that is shared with others.
            #vis fn from_arc(service: #rt::Arc<#service>) -> Self {
                Self { service }
            }
        }

        #[automatically_derived]
        impl<#service: #ident> #rt::Endpoint for #endpoint<#service> {
            fn descriptor(&self) -> &#rt::EndpointDescriptor {
                &#descriptor
            }

            fn invoke(&self, index: ::core::primitive::usize, request: #rt::Request) -> #rt::Started {
                #rt::dispatch(Self::HANDLERS, index, &self.service, request)
            }
        }

        #[automatically_derived]
        impl<#service> ::core::clone::Clone for #endpoint<#service> {
            fn clone(&self) -> Self {
                Self { service: ::core::clone::Clone::clone(&self.service) }
            }
        }

        #[automatically_derived]
        impl<#service> ::core::fmt::Debug for #endpoint<#service> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#name)
                    .field("namespace", &#descriptor.namespace)
                    .field("version", &#descriptor.version)
                    .finish()
            }
        }

        #(#handlers)*
    }
}

fn handler(contract: &Contract, method: &Method, helpers: &Helpers) -> TokenStream {
    let Helpers { rt, service: parameter, .. } = helpers;
    let (trait_, ident, cfg) = (&contract.shape.ident, &method.ident, &method.cfg);
    let name = contract.taken.handler(ident);
    let taken = argument_names(method);
    let (service, request) = (taken.fresh("service"), taken.fresh("request"));

    let mut decoded = Vec::new();
    // Flattened ones come last: a map among them takes whatever is left.
    let mut flattened = Vec::new();
    let mut passed = Vec::new();
    if let Some(context) = &method.context {
        if context.custom {
            let (local, ty) = (local(&context.ident), &context.ty);
            decoded.push(quote!(let #local = #request.take_context::<#ty>()?;));
            passed.push(quote!(&#local));
        } else {
            passed.push(quote!(#request.context()));
        }
    }
    for (position, arg) in method.args.iter().enumerate() {
        let (local, taken) = (local(&arg.ident), take(arg, default_of(contract, method, position), rt));
        let decoding = if arg.flatten { &mut flattened } else { &mut decoded };
        decoding.push(quote!(let #local = #request.#taken?;));
        passed.push(match arg.passing {
            Passing::Owned => quote!(#local),
            Passing::Borrowed(_) => quote!(&*#local),
            Passing::BorrowedOption(_) => quote!(#local.as_deref()),
        });
    }
    let output = method.output.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let reply = match method.kind {
        Kind::Call => quote!(reply),
        Kind::Cast { .. } => quote!(reply_cast),
    };
    quote_spanned! {Span::mixed_site()=>
        #cfg
        fn #name<#parameter: #trait_>(#service: #rt::Arc<#parameter>, mut #request: #rt::Request) -> #rt::Started {
            #(#decoded)*
            #(#flattened)*
            #request.finish()?;
            ::core::result::Result::Ok(#rt::Box::pin(async move {
                #rt::#reply::<#output>(#trait_::#ident(&*#service, #(#passed),*).await)
            }))
        }
    }
}

/// A local of the handler: the user's expressions do not see it.
fn local(ident: &Ident) -> Ident {
    let mut local = Ident::clone(ident);
    local.set_span(Span::mixed_site());
    local
}

/// The call on the request that takes an argument.
fn take(arg: &Arg, default: Option<TokenStream>, rt: &Ident) -> TokenStream {
    let name = &arg.wire_name;
    let held = held(arg, rt);
    if arg.flatten {
        return quote!(take_flat::<#held>());
    }
    match default {
        Some(default) => quote!(take_or::<#held>(#name, #default)),
        None => quote!(take::<#held>(#name)),
    }
}

/// The type that a server holds, and lends where the method borrows.
pub(super) fn held(arg: &Arg, rt: &Ident) -> TokenStream {
    match &arg.passing {
        Passing::Owned => arg.ty.to_token_stream(),
        Passing::Borrowed(inner) => quote!(#rt::Box<#inner>),
        Passing::BorrowedOption(inner) => quote!(::core::option::Option<#rt::Box<#inner>>),
    }
}
