//! `<Trait>Client`: a method for each of the trait's, with the same name and parameters.

use super::defaults::default_of;
use super::server::held;
use super::{Helpers, argument_names, doc, version};
use crate::endpoint::model::{Arg, Contract, Kind, Method, Passing};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

pub(super) fn definition(contract: &Contract) -> TokenStream {
    let Contract { shape, runtime, client, .. } = contract;
    let (cfg, vis) = (&shape.cfg, &shape.vis);
    let doc = format!(" Calls a remote [`{}`]. Cheap to clone.", shape.ident);
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #cfg
        #vis struct #client {
            core: #runtime::__private::ClientCore,
        }
    }
}

pub(super) fn items(contract: &Contract, helpers: &Helpers) -> TokenStream {
    let Contract { shape, client, endpoint, .. } = contract;
    let Helpers { rt, descriptor, .. } = helpers;
    let (ident, vis) = (&shape.ident, &shape.vis);
    let name = client.to_string();
    let methods = contract.methods.iter().map(|method| self::method(contract, method, helpers));
    quote_spanned! {Span::mixed_site()=>
        #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
        impl #client {
            /// The contract as data.
            #vis const DESCRIPTOR: &'static #rt::EndpointDescriptor = &#descriptor;

            /// A client that calls through `caller` (a transport converts into one) to `target`.
            #vis fn new(caller: impl ::core::convert::Into<#rt::Caller>, target: #rt::Target) -> Self {
                Self { core: #rt::ClientCore::new(::core::convert::Into::into(caller), target, Self::DESCRIPTOR) }
            }

            /// A client of a service in this process: arguments and answers are encoded and decoded as they would be
            /// on the wire, and the handler runs inside the call's own future.
            #vis fn in_process(service: impl #ident) -> Self {
                let endpoint = #endpoint::new(service);
                Self::new(#rt::in_process(endpoint), <#rt::Target as ::core::default::Default>::default())
            }

            /// A client with further options.
            #[must_use]
            #vis fn prepare(&self, options: impl ::core::ops::FnOnce(#rt::CallOptions) -> #rt::CallOptions) -> Self {
                Self { core: self.core.prepare(options) }
            }

            #(#methods)*
        }

        #[automatically_derived]
        impl ::core::clone::Clone for #client {
            fn clone(&self) -> Self {
                Self { core: ::core::clone::Clone::clone(&self.core) }
            }
        }

        #[automatically_derived]
        impl ::core::fmt::Debug for #client {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_tuple(#name).field(&self.core).finish()
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#rt::Caller> for #client {
            fn from(caller: #rt::Caller) -> Self {
                Self::new(caller, <#rt::Target as ::core::default::Default>::default())
            }
        }

        #[automatically_derived]
        impl ::core::convert::AsRef<#rt::Caller> for #client {
            fn as_ref(&self) -> &#rt::Caller {
                self.core.caller()
            }
        }
    }
}

fn method(contract: &Contract, method: &Method, helpers: &Helpers) -> TokenStream {
    let Helpers { rt, index, .. } = helpers;
    let Method { ident, cfg, client_attrs, context, args, output, .. } = method;
    let vis = &contract.shape.vis;
    let doc = doc::of_client_method(contract, method);
    let request = argument_names(method).fresh("request");

    let context_parameter = context.iter().map(|context| {
        let (ident, ty) = (&context.ident, &context.ty);
        quote!(#ident: &#ty)
    });
    let arg_parameters = args.iter().map(|arg| {
        let (ident, ty) = (&arg.ident, &arg.ty);
        quote!(#ident: #ty)
    });
    let parameters = context_parameter.chain(arg_parameters);
    let context = context.as_ref().map(|context| {
        let (ident, ty) = (&context.ident, &context.ty);
        match context.custom {
            true => quote!(#request.user_context::<#ty>(#ident);),
            false => quote!(#request.context(#ident);),
        }
    });
    let added = args.iter().enumerate().map(|(position, arg)| {
        let default = default_of(contract, method, position);
        add(arg, default, &request, rt)
    });
    let (pending, finished) = match (method.kind, output) {
        (Kind::Call, Some(output)) => (quote!(#rt::Call<#output>), quote!(call::<#output>())),
        _ => (quote!(#rt::Cast), quote!(cast())),
    };
    let mutability = (context.is_some() || !args.is_empty()).then(|| quote!(mut));
    quote_spanned! {Span::mixed_site()=>
        #client_attrs
        #doc
        #cfg
        #vis fn #ident(&self, #(#parameters),*) -> #pending {
            let #mutability #request = self.core.request(#index::#ident as ::core::primitive::usize);
            #context
            #(#added)*
            #request.#finished
        }
    }
}

/// Adds an argument to the request.
fn add(arg: &Arg, default: Option<TokenStream>, request: &Ident, rt: &Ident) -> TokenStream {
    let (ident, name) = (&arg.ident, &arg.wire_name);
    let (sent, value) = match &arg.passing {
        Passing::Borrowed(inner) => (quote!(#inner), quote!(#ident)),
        Passing::Owned | Passing::BorrowedOption(_) => {
            let ty = &arg.ty;
            (quote!(#ty), quote!(&#ident))
        }
    };
    if arg.flatten {
        return quote!(#request.arg_flat::<#sent>(#value););
    }
    let Some(since) = &arg.since else { return quote!(#request.arg::<#sent>(#name, #value);) };
    let (drop, since) = (since.drop, version(rt, since.version));
    match default {
        Some(default) => {
            let held = held(arg, rt);
            quote!(#request.arg_since_or::<#sent, #held>(#name, #value, #since, #drop, &#default());)
        }
        None => quote!(#request.arg_since::<#sent>(#name, #value, #since, #drop);),
    }
}
