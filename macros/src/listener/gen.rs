//! Writes a checked listener's trait as Rust. Takes the model by reference and cannot fail.
//!
//! Hygiene is as for endpoints: absolute paths, locals with `mixed_site` spans, names for helper items that occur nowhere
//! in the types beside them, and the user's own type tokens where something can fail to compile.

use super::model::{ContextArg, Filter, Listener, Method, On, Payload, Priorities};
use crate::item::shape;
use crate::names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// The names of helper items inside the `const` block.
struct Helpers {
    /// The runtime's private module.
    rt: Ident,
    /// The static that holds the descriptors.
    methods: Ident,
    /// The type parameter for the service.
    service: Ident,
}

/// Everything that `#[listener]` puts in the trait's place.
pub(super) fn listener(listener: &Listener) -> TokenStream {
    let helpers = Helpers {
        rt: listener.taken.fresh("rt"),
        methods: listener.taken.fresh("METHODS"),
        service: listener.taken.fresh("S"),
    };
    let Listener { shape, runtime, endpoint, .. } = listener;
    let Helpers { rt, .. } = &helpers;
    let cfg = &shape.cfg;
    let trait_ = shape::definition(
        shape,
        format!(
            "Implement the methods with `async fn`; give an implementation to a listener as [`{endpoint}`]."
        ),
    );
    let struct_ = definition(listener, &helpers);
    if !shape.generics.is_empty() {
        // Reported; what names the trait without its parameters would only be reported again.
        return quote!(#trait_ #struct_);
    }
    let items = items(listener, &helpers);
    quote_spanned! {Span::mixed_site()=>
        #trait_
        #struct_

        #cfg
        #[allow(deprecated, dead_code, non_snake_case, unused_qualifications)]
        const _: () = {
            use #runtime::__private as #rt;
            #items
        };
    }
}

fn definition(listener: &Listener, helpers: &Helpers) -> TokenStream {
    let Listener { shape, runtime, endpoint, .. } = listener;
    let (cfg, vis, service) = (&shape.cfg, &shape.vis, &helpers.service);
    let doc = format!(" Gives notifications to an implementation of [`{}`]. Cheap to clone.", shape.ident);
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #cfg
        #vis struct #endpoint<#service> {
            service: #runtime::__private::Arc<#service>,
        }
    }
}

fn items(listener: &Listener, helpers: &Helpers) -> TokenStream {
    let Listener { shape, endpoint, taken, methods, .. } = listener;
    let Helpers { rt, methods: descriptors, service } = helpers;
    let (ident, vis) = (&shape.ident, &shape.vis);
    let (name, endpoint_name) = (names::wire(ident), endpoint.to_string());
    let described = methods.iter().map(|method| descriptor(method, helpers));
    let handlers = methods.iter().map(|method| handler(listener, method, helpers));
    let table = methods.iter().map(|method| {
        let (cfg, handler) = (&method.cfg, taken.handler(&method.ident));
        let kind = Ident::new(if method.batch { "Batch" } else { "One" }, Span::mixed_site());
        quote!(#cfg #rt::On::#kind(#handler::<#service>),)
    });
    quote_spanned! {Span::mixed_site()=>
        impl<#service: #ident> #endpoint<#service> {
            const HANDLERS: &'static [#rt::On<#service>] = &[#(#table)*];

            /// Gives notifications to `service`.
            #vis fn new(service: #service) -> Self {
                Self::from_arc(#rt::Arc::new(service))
            }

            /// Gives notifications to a service that is shared with others.
            #vis fn from_arc(service: #rt::Arc<#service>) -> Self {
                Self { service }
            }
        }

        #[automatically_derived]
        impl<#service: #ident> #rt::ListenerEndpoint for #endpoint<#service> {
            fn name(&self) -> &::core::primitive::str {
                #name
            }

            fn methods(&self) -> &[#rt::OnDescriptor] {
                static #descriptors: &[#rt::OnDescriptor] = &[#(#described)*];
                #descriptors
            }

            fn handle(&self, index: ::core::primitive::usize, event: #rt::Event) -> #rt::HandlerStarted {
                #rt::on_one(Self::HANDLERS, index, &self.service, event)
            }

            fn handle_batch(
                &self,
                index: ::core::primitive::usize,
                events: #rt::Vec<#rt::Event>,
            ) -> #rt::BatchStarted {
                #rt::on_batch(Self::HANDLERS, index, &self.service, events)
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
                f.debug_struct(#endpoint_name).finish_non_exhaustive()
            }
        }

        #(#handlers)*
    }
}

fn descriptor(method: &Method, helpers: &Helpers) -> TokenStream {
    let rt = &helpers.rt;
    let (cfg, name, batch) = (&method.cfg, names::wire(&method.ident), method.batch);
    let (priorities, event_type) = match &method.on {
        On::Payload => {
            let payload = payload(method, rt);
            // The trait's bound is reported once, at the payload's type, if nothing else here is the user's.
            (
                quote!(const { &[<#payload as #rt::Notification>::DESCRIPTOR.priority] }),
                quote!(::core::option::Option::Some(<#payload as #rt::Notification>::DESCRIPTOR.event_type)),
            )
        }
        On::Written { priorities, event_type } => {
            let priorities = match priorities {
                Priorities::Any => quote!(&#rt::Priority::ALL),
                Priorities::These(these) => {
                    let variants = these.iter().map(|priority| priority.variant());
                    quote!(&[#(#rt::Priority::#variants),*])
                }
            };
            (priorities, option(event_type.as_ref()))
        }
    };
    let filter = filter(&method.filter, rt);
    quote!(#cfg #rt::OnDescriptor::new(#name, #priorities, #event_type, #filter, #batch),)
}

fn filter(filter: &Filter, rt: &Ident) -> TokenStream {
    if filter.is_none() {
        return quote!(#rt::FilterDescriptor::NONE);
    }
    let [event_type, publisher_id] =
        [&filter.event_type, &filter.publisher_id].map(|part| option(part.as_ref()));
    let [context, metadata, payload] = [&filter.context, &filter.metadata, &filter.payload].map(|part| {
        let pairs = part.iter().map(|(name, regex)| quote!((#name, #regex)));
        quote!(&[#(#pairs),*])
    });
    quote!(#rt::FilterDescriptor::new(#event_type, #publisher_id, #context, #metadata, #payload))
}

fn option(value: Option<&String>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The payload's type, in the user's tokens or in the place of the user's `Event`.
fn payload(method: &Method, rt: &Ident) -> TokenStream {
    match &method.payload {
        Payload::Typed(ty) => ty.to_token_stream(),
        Payload::Raw(span) => {
            let here = Span::mixed_site().located_at(*span);
            let mut rt = rt.clone();
            rt.set_span(here);
            quote_spanned!(here=> #rt::RawJson)
        }
    }
}

/// Only this code is generic over the service.
fn handler(listener: &Listener, method: &Method, helpers: &Helpers) -> TokenStream {
    let Helpers { rt, service: parameter, .. } = helpers;
    let (trait_, ident, cfg) = (&listener.shape.ident, &method.ident, &method.cfg);
    let name = listener.taken.handler(ident);
    let payload = payload(method, rt);
    let output = method.output.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    if method.batch {
        return quote_spanned! {Span::mixed_site()=>
            #cfg
            fn #name<#parameter: #trait_>(
                service: #rt::Arc<#parameter>,
                events: #rt::Vec<#rt::Event>,
            ) -> #rt::BatchStarted {
                #rt::start_batch::<#payload, _, #output>(events, |events| async move {
                    #trait_::#ident(&*service, events).await
                })
            }
        };
    }
    let own = |context: &ContextArg| {
        let ty = &context.ty;
        quote_spanned!(Span::mixed_site()=> let context = #rt::own_context::<#ty>(&event)?;)
    };
    let own = method.context.as_ref().filter(|context| context.custom).map(own);
    let carried = method.context.as_ref().filter(|context| !context.custom).map(
        |_| quote_spanned!(Span::mixed_site()=> let context = ::core::clone::Clone::clone(&event.context);),
    );
    let passed = method.context.as_ref().map(|_| quote_spanned!(Span::mixed_site()=> &context,));
    quote_spanned! {Span::mixed_site()=>
        #cfg
        fn #name<#parameter: #trait_>(service: #rt::Arc<#parameter>, event: #rt::Event) -> #rt::HandlerStarted {
            #own
            #rt::start_one::<#payload, _, #output>(event, |event| async move {
                #carried
                #trait_::#ident(&*service, #passed event).await
            })
        }
    }
}
