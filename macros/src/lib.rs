//! Entry points of the `#[endpoint]` and `#[listener]` attributes and of the derives; their documentation lives at the
//! re-exports in the runtime crate, where doctests can run.

use proc_macro::TokenStream;

mod attr;
mod diag;
mod duration;
mod endpoint;
mod item;
mod listener;
mod names;
mod notification;
mod priority;
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
    item::misplaced("call", "endpoint", item.into()).into()
}

/// Marks a one-way method; documented at `oslo_messaging::cast`.
#[proc_macro_attribute]
pub fn cast(_attr: TokenStream, item: TokenStream) -> TokenStream {
    item::misplaced("cast", "endpoint", item.into()).into()
}

/// Turns a trait into a listener's endpoint; documented at `oslo_messaging::listener`.
#[proc_macro_attribute]
pub fn listener(attr: TokenStream, item: TokenStream) -> TokenStream {
    listener::expand(attr.into(), item.into()).into()
}

/// Which notifications a method takes; documented at `oslo_messaging::on`.
#[proc_macro_attribute]
pub fn on(_attr: TokenStream, item: TokenStream) -> TokenStream {
    item::misplaced("on", "listener", item.into()).into()
}

/// What a method's notifications must match too; documented at `oslo_messaging::filter`.
#[proc_macro_attribute]
pub fn filter(_attr: TokenStream, item: TokenStream) -> TokenStream {
    item::misplaced("filter", "listener", item.into()).into()
}

/// Gives a payload type its event type; documented at `oslo_messaging::Notification`.
#[proc_macro_derive(Notification, attributes(notification))]
pub fn notification(item: TokenStream) -> TokenStream {
    notification::expand(item.into()).into()
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
