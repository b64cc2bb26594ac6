//! Writes the implementation of `RpcError`.

use super::check::{CheckedFields, Class, Declared, Model};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

pub(super) fn implementation(model: &Model) -> TokenStream {
    let rt = &runtime(model);
    let outgoing = model.errors.iter().map(|error| outgoing(error, rt));
    let outgoing_other = model.other.iter().map(|path| {
        quote_spanned! {Span::mixed_site()=>
            #path(failure) => #rt::RpcError::to_failure(failure),
        }
    });
    let incoming = model.errors.iter().filter(|error| !error.internal).map(incoming);
    let rest = match &model.other {
        // The held failure's own rule: one that the peer only passes on is none of these either.
        Some(path) => quote_spanned! {Span::mixed_site()=>
            ::core::option::Option::map(#rt::RpcError::from_failure(failure), #path)
        },
        None => quote!(::core::option::Option::None),
    };
    let incoming: Vec<_> = incoming.collect();
    let reader = (!incoming.is_empty()).then(|| {
        quote_spanned! {Span::mixed_site()=>
            let reader = #rt::FailureReader::new(failure);
        }
    });
    let failure = Ident::new(
        if reader.is_some() || model.other.is_some() { "failure" } else { "_" },
        Span::mixed_site(),
    );
    // A match without arms wants the empty enum itself.
    let dereference = (model.errors.is_empty() && model.other.is_none()).then(|| quote!(*));
    let ident = &model.ident;
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        #[allow(deprecated)]
        #[automatically_derived]
        impl #rt::RpcError for #ident {
            fn to_failure(&self) -> #rt::Failing {
                match #dereference self {
                    #(#outgoing)*
                    #(#outgoing_other)*
                }
            }

            fn from_failure(#failure: &#rt::RemoteFailure) -> ::core::option::Option<Self> {
                #reader
                #(#incoming)*
                #rest
            }
        }
    }
}

/// In place of an implementation when something was wrong: what uses the type must not be told that it is no error type.
pub(super) fn stand_in(model: &Model) -> TokenStream {
    let (rt, ident) = (runtime(model), &model.ident);
    if model.generic {
        return TokenStream::new();
    }
    quote! {
        #[automatically_derived]
        #[automatically_derived]
        impl #rt::RpcError for #ident {
            fn to_failure(&self) -> #rt::Failing {
                ::core::unreachable!()
            }

            fn from_failure(_: &#rt::RemoteFailure) -> ::core::option::Option<Self> {
                ::core::unreachable!()
            }
        }
    }
}

fn runtime(model: &Model) -> TokenStream {
    let runtime = &model.runtime;
    quote!(#runtime::__private)
}

fn outgoing(error: &Declared, rt: &TokenStream) -> TokenStream {
    let path = &error.path;
    let (module, class) = (module(&error.name), &error.name.class);
    if error.internal {
        return quote_spanned! {Span::mixed_site()=>
            #path { .. } => #rt::FailureBuilder::new(#module, #class, self).internal(#rt::source_chain(self)),
        };
    }
    let (pattern, arguments) = match &error.fields {
        CheckedFields::Named(fields) => {
            let (mut bound, mut arguments) = (TokenStream::new(), TokenStream::new());
            for (index, (ident, name, ty)) in fields.iter().enumerate() {
                let local = field(index);
                bound.extend(quote!(#ident: #local,));
                arguments.extend(quote!(.kwarg::<#ty>(#name, #local)));
            }
            (quote!({ #bound }), arguments)
        }
        CheckedFields::Positional(types) => {
            let locals = (0..types.len()).map(field);
            let (mut bound, mut arguments) = (TokenStream::new(), TokenStream::new());
            for (local, ty) in locals.zip(types) {
                bound.extend(quote!(#local,));
                arguments.extend(quote!(.arg::<#ty>(#local)));
            }
            (quote!((#bound)), arguments)
        }
        CheckedFields::Unit => (TokenStream::new(), TokenStream::new()),
    };
    quote_spanned! {Span::mixed_site()=>
        #path #pattern => #rt::FailureBuilder::new(#module, #class, self) #arguments.declared(),
    }
}

/// A failure of the right class whose fields do not fit is none of this error.
fn incoming(error: &Declared) -> TokenStream {
    let path = &error.path;
    let reader = Ident::new("reader", Span::mixed_site());
    let classes = [&error.name].into_iter().chain(&error.also).map(|name| {
        let (module, class) = (module(name), &name.class);
        quote!(#reader.is(#module, #class))
    });
    let (reads, value) = match &error.fields {
        CheckedFields::Named(fields) => {
            let reads = fields.iter().map(|(_, name, ty)| quote!(#reader.kwarg::<#ty>(#name)));
            let idents = fields.iter().map(|(ident, ..)| ident);
            let locals = (0..fields.len()).map(field);
            (reads.collect(), quote!(#path { #(#idents: #locals),* }))
        }
        CheckedFields::Positional(types) => {
            let reads = types.iter().enumerate().map(|(index, ty)| quote!(#reader.arg::<#ty>(#index)));
            let locals = (0..types.len()).map(field);
            (reads.collect(), quote!(#path(#(#locals),*)))
        }
        CheckedFields::Unit => (Vec::new(), quote!(#path)),
    };
    let mut selected = quote!(return ::core::option::Option::Some(#value););
    if !reads.is_empty() {
        let locals = (0..reads.len()).map(field);
        selected = quote! {
            if let (#(::core::option::Option::Some(#locals),)*) = (#(#reads,)*) {
                #selected
            }
        };
    }
    quote_spanned! {Span::mixed_site()=>
        if #(#classes)||* {
            #selected
        }
    }
}

fn module(name: &Class) -> TokenStream {
    match &name.module {
        Some(module) => quote!(#module),
        None => quote!(::core::module_path!()),
    }
}

fn field(index: usize) -> Ident {
    format_ident!("field_{index}", span = Span::mixed_site())
}
