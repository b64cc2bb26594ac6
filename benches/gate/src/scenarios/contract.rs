//! What a contract adds to the codec: dispatch alone, and a whole call over the broker in the process.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use oslo_messaging::context::Delivery;
use oslo_messaging::contract::{
    Dispatcher, Endpoint, EndpointDescriptor, Reply, Request, Serializer, Started,
};
use oslo_messaging::testing::block_on;
use oslo_messaging::wire::{Limits, Oslo2, OutgoingRequest, WireFormat};
use oslo_messaging::{Context, RpcServer, Target, Transport, endpoint};

use super::sample::{Record, Size, context, id};
use super::{Operation, Scenario};
use crate::error::Outcome;
use oslo_messaging::json::RawJson;

/// Two methods, so that one has to be found.
#[endpoint(version = "1.0")]
trait Store {
    /// Stands before the one that is called.
    async fn count(&self, ctx: &Context) -> Result<u64, Infallible>;

    /// Gives back what it got.
    async fn echo(&self, ctx: &Context, records: Vec<Record>) -> Result<Vec<Record>, Infallible>;
}

struct Echo;

impl Store for Echo {
    async fn count(&self, _: &Context) -> Result<u64, Infallible> {
        Ok(0)
    }

    async fn echo(&self, _: &Context, records: Vec<Record>) -> Result<Vec<Record>, Infallible> {
        Ok(records)
    }
}

/// The same contract in a namespace of its own.
#[derive(Debug)]
struct Elsewhere(StoreEndpoint<Echo>, String);

impl Endpoint for Elsewhere {
    fn descriptor(&self) -> &EndpointDescriptor {
        self.0.descriptor()
    }

    fn namespace(&self) -> Option<&str> {
        Some(&self.1)
    }

    fn invoke(&self, index: usize, request: Request) -> Started {
        self.0.invoke(index, request)
    }
}

/// Changes nothing, so that what is counted is the way through it.
#[derive(Debug)]
struct AsItIs;

impl Serializer for AsItIs {}

/// What a call may have and mostly has not: what it costs is the difference to the plain call, which pays nothing for it.
#[derive(Clone, Copy)]
enum Extra {
    /// On both sides.
    Serializer,
    CallMonitor,
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let size = Size::B100;
    vec![
        Scenario::new("dispatch-100-B", size.times(), move || dispatch(size, 0)),
        Scenario::new("dispatch-among-500-contracts-100-B", size.times(), move || dispatch(size, 500)),
        Scenario::new("call-over-memory-100-B", size.times(), move || call_over_memory(size, None)),
        Scenario::new("call-serialized-100-B", size.times(), move || {
            call_over_memory(size, Some(Extra::Serializer))
        }),
        Scenario::new("call-monitored-100-B", size.times(), move || {
            call_over_memory(size, Some(Extra::CallMonitor))
        }),
    ]
}

/// From a decoded request to the encoded result: finding the method, its arguments, the handler and its guard. Beside so
/// many contracts that have methods of the same names in namespaces of their own, the last of which is asked.
fn dispatch(size: Size, elsewhere: usize) -> Outcome<Operation> {
    #[derive(serde::Serialize)]
    struct Args {
        records: Vec<Record>,
    }
    let namespaces = (0..elsewhere).map(|number| format!("store-{number}"));
    let namespace = namespaces.clone().next_back();
    let (format, mut body) = (Oslo2::new(), Vec::new());
    let args = RawJson::encode(&Args { records: size.sample() })?;
    let request = OutgoingRequest {
        method: "echo",
        args: args.as_str(),
        namespace: namespace.as_deref(),
        version: Some(oslo_messaging::Version::new(1, 0)),
        call: None,
        unique_id: id()?,
        context: &context()?,
    };
    let properties = format.encode_request(&request, &Limits::default(), &mut body)?;
    let request = format.decode_request(&body, &properties, &Limits::default())?;
    let others =
        namespaces.map(|name| Arc::new(Elsewhere(StoreEndpoint::new(Echo), name)) as Arc<dyn Endpoint>);
    let plain = Arc::new(StoreEndpoint::new(Echo)) as Arc<dyn Endpoint>;
    let dispatcher = Dispatcher::new(std::iter::once(plain).chain(others).collect())?;
    Ok(Box::new(move || {
        // The copy is part of the count: a dispatcher takes its request.
        let handler =
            dispatcher.dispatch(request.clone(), Delivery::default()).map_err(|r| r.failure.message)?;
        match block_on(handler) {
            Reply::Result(result) => black_box(result),
            other => return Err(format!("dispatch ended with {other:?}").into()),
        };
        Ok(())
    }))
}

/// A call and its answer with nothing left out: client, codec both ways, broker, server, correlation, timers.
fn call_over_memory(size: Size, extra: Option<Extra>) -> Outcome<Operation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let transport = Transport::connect("memory://")?;
    let mut server = RpcServer::builder(&transport, Target::server("store", "server-1"))
        .endpoint(StoreEndpoint::new(Echo));
    let mut store = StoreClient::new(&transport, Target::topic("store"));
    match extra {
        None => {}
        Some(Extra::Serializer) => {
            server = server.serializer(AsItIs);
            store = store.prepare(|options| options.serializer(Arc::new(AsItIs)));
        }
        Some(Extra::CallMonitor) => {
            store = store.prepare(|options| options.call_monitor(Duration::from_secs(30)));
        }
    }
    let server = server.build()?;
    let handle = runtime.block_on(async {
        transport.ready(Duration::from_secs(10)).await?;
        Outcome::Ok(server.start().await?)
    })?;
    let (records, context) = (size.sample(), context()?);
    Ok(Box::new(move || {
        let _serving = &handle;
        black_box(runtime.block_on(store.echo(&context, records.clone()))?);
        Ok(())
    }))
}
