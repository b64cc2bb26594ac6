//! Entry points of the `#[endpoint]` attribute and the `RpcError` derive; their documentation lives at the
//! re-exports in the runtime crate, where doctests can run.

use proc_macro::TokenStream;

mod attr;
mod diag;
mod duration;
mod endpoint;
mod item;
mod names;
mod register;
mod rpc_error;
#[cfg(test)]
mod tests;
mod text;
mod version;

/// Turns a trait into an RPC contract; documented at `oslo_messaging::endpoint`.
#[proc_macro_attribute]
pub fn endpoint(attr: TokenStream, item: TokenStream) -> TokenStream {
    endpoint::expand(attr.into(), item.into()).into()
}

/// Options of a method that answers; documented at `oslo_messaging::call`.
#[proc_macro_attribute]
pub fn call(_attr: TokenStream, item: TokenStream) -> TokenStream {
    endpoint::misplaced("call", item.into()).into()
}

/// Marks a one-way method; documented at `oslo_messaging::cast`.
#[proc_macro_attribute]
pub fn cast(_attr: TokenStream, item: TokenStream) -> TokenStream {
    endpoint::misplaced("cast", item.into()).into()
}

/// Lets an error type cross the wire; documented at `oslo_messaging::RpcError`.
#[proc_macro_derive(RpcError, attributes(rpc_error))]
pub fn rpc_error(item: TokenStream) -> TokenStream {
    rpc_error::expand(item.into()).into()
}

/// Registers an implementation of a contract; documented at `oslo_messaging::register`.
#[proc_macro_attribute]
pub fn register(attr: TokenStream, item: TokenStream) -> TokenStream {
    register::expand(attr.into(), item.into()).into()
}
