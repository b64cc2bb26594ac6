//! Contracts: descriptors, the values that clients hand out, the endpoints that servers call, the registry of what is
//! linked in. Knows no broker and no tokio.

mod call;
mod caller;
mod cast;
mod client;
mod descriptor;
mod dispatcher;
mod dyn_endpoint;
mod endpoint;
mod factory;
mod flat;
mod guard;
mod in_process;
mod invoke;
mod members;
mod options;
mod outcome;
mod output;
mod prepared;
mod refusal;
mod registry;
mod request;
mod request_builder;
mod serializer;
mod setters;

pub use call::{Call, CanFanout};
pub use caller::Caller;
pub use cast::Cast;
pub use client::ClientCore;
pub use descriptor::{ArgDescriptor, EndpointDescriptor, MethodDescriptor, MethodKind};
pub use dispatcher::{Dispatcher, EndpointCollision, Found};
pub use dyn_endpoint::{DynEndpoint, DynRequest};
pub use endpoint::{Endpoint, Handler, Reply, Started, dispatch};
pub use factory::{DiscoverError, EndpointFactory, Misfit, discover};
#[cfg(feature = "transport")]
pub(crate) use guard::panic_text;
pub use in_process::{in_process, in_process_all};
pub use invoke::{Answer, BoxFuture, Invocation, Invoke, SendOptions};
pub use options::CallOptions;
pub use outcome::classify;
pub use output::{CallOutput, CastOutput, reply, reply_cast};
pub use refusal::Refusal;
pub use registry::{Contract, contracts};
pub use request::Request;
pub use request_builder::RequestBuilder;
pub use serializer::Serializer;
