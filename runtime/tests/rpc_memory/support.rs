//! A broker of its own for each test, and services to call on it.

use oslo_messaging::Context;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer, RpcServerBuilder};
use oslo_messaging::target::Target;
use oslo_messaging::transport::{Transport, TransportOptions};
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;

/// A transport on a broker that no other test sees.
pub(crate) fn transport() -> Transport {
    transport_on(&MemoryBroker::new())
}

/// One more transport on a broker.
pub(crate) fn transport_on(broker: &MemoryBroker) -> Transport {
    transport_with(broker, TransportOptions::default())
}

pub(crate) fn transport_with(broker: &MemoryBroker, options: TransportOptions) -> Transport {
    Transport::new(Arc::new(MemoryDriver::new(broker.clone())), options)
}

/// A server `host-1` of `topic` whose every method is `handler`.
pub(crate) fn server<F, R>(transport: &Transport, topic: &str, handler: F) -> RpcServerBuilder
where
    F: Fn(DynRequest) -> R + Send + Sync + 'static,
    R: Future<Output = Result<Value, RemoteFailure>> + Send + 'static,
{
    RpcServer::builder(transport, Target::server(topic, "host-1")).endpoint(DynEndpoint::new(handler))
}

/// A handler that answers with what it was called with.
pub(crate) async fn echo(request: DynRequest) -> Result<Value, RemoteFailure> {
    Ok(json!({ "method": request.method, "args": request.args }))
}

pub(crate) fn client(transport: &Transport, topic: &str) -> RpcClient {
    RpcClient::new(transport, Target::topic(topic))
}

pub(crate) fn no_context() -> Context {
    Context::new()
}

/// A handler that never ends.
pub(crate) async fn forever(_: DynRequest) -> Result<Value, RemoteFailure> {
    std::future::pending().await
}
