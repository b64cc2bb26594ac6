//! Contracts: descriptors, the values that clients hand out, the endpoint that servers call, the registry of what is
//! linked in. Knows no broker and no tokio.

mod descriptor;
mod endpoint;
mod invoke;

pub use descriptor::{ArgDescriptor, EndpointDescriptor, MethodDescriptor, MethodKind};
pub use endpoint::{Endpoint, Refusal, Reply, Request, Started};
pub use invoke::{Answer, BoxFuture, CallOptions, Caller, Invocation, Invoke, SendOptions, Serializer};
