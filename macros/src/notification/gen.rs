//! Writes the implementation of `Notification`, and registers the type.

use super::check::Model;
use crate::names::{self, Taken};
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

/// A type in which something is wrong is implemented too, so that what uses it is not told that it is no payload type; it is
/// not registered.
pub(super) fn implementation(model: &Model, sound: bool) -> TokenStream {
    let Model { runtime, ident, event_type, .. } = model;
    if model.generic {
        return TokenStream::new();
    }
    let mut taken = Taken::default();
    taken.add(ident.to_token_stream());
    let (rt, descriptor) = (taken.fresh("rt"), taken.fresh("DESCRIPTOR"));
    let name = names::wire(ident);
    let priority = model.priority.variant();
    let (major, minor) =
        (Literal::u32_unsuffixed(model.version.major), Literal::u32_unsuffixed(model.version.minor));
    let doc = model.doc.text();
    let registered = sound.then(|| quote!(#rt::submit_notification!(#descriptor);));
    quote_spanned! {Span::mixed_site()=>
        const _: () = {
            use #runtime::__private as #rt;

            const #descriptor: #rt::NotificationDescriptor = #rt::NotificationDescriptor::new(
                #name,
                #event_type,
                #rt::Priority::#priority,
                #rt::Version::new(#major, #minor),
                #doc,
                ::core::module_path!(),
            );

            #[automatically_derived]
            #[allow(deprecated)]
            #[automatically_derived]
            impl #rt::Notification for #ident {
                const DESCRIPTOR: #rt::NotificationDescriptor = #descriptor;
            }

            #registered
        };
    }
}
