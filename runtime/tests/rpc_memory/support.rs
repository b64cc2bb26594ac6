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
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

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

/// Counts the lines that are logged as warnings on its thread while it is the default.
#[derive(Clone, Default)]
pub(crate) struct Warnings(Arc<AtomicUsize>);

impl Warnings {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Holds handlers until it is opened, and knows how many have come and gone.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    open: watch::Sender<bool>,
    inside: watch::Sender<Inside>,
}

#[derive(Clone, Copy, Default)]
struct Inside {
    entered: usize,
    left: usize,
    most: usize,
}

/// Counts a handler out, however it ends.
struct Leave(Arc<Shared>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.inside.send_modify(|inside| inside.left += 1);
    }
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A handler that answers with its arguments when the gate is open.
    pub(crate) fn handler(
        &self,
    ) -> impl Fn(DynRequest) -> Pin<Box<dyn Future<Output = Result<Value, RemoteFailure>> + Send>>
    + Send
    + Sync
    + 'static {
        let shared = Arc::clone(&self.shared);
        move |request| {
            let shared = Arc::clone(&shared);
            Box::pin(async move {
                shared.inside.send_modify(|inside| {
                    inside.entered += 1;
                    inside.most = inside.most.max(inside.entered - inside.left);
                });
                let _leave = Leave(Arc::clone(&shared));
                shared.open.subscribe().wait_for(|open| *open).await.unwrap();
                Ok(Value::Object(request.args))
            })
        }
    }

    pub(crate) async fn entered(&self, count: usize) {
        self.shared.inside.subscribe().wait_for(|inside| inside.entered >= count).await.unwrap();
    }

    pub(crate) fn open(&self) {
        self.shared.open.send_replace(true);
    }

    pub(crate) fn left(&self) -> usize {
        self.shared.inside.borrow().left
    }

    pub(crate) fn most_at_a_time(&self) -> usize {
        self.shared.inside.borrow().most
    }
}
