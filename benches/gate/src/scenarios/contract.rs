//! What a contract adds to the codec: dispatch alone, and a whole call over the broker in the process.

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use oslo_messaging::context::Delivery;
use oslo_messaging::contract::{Dispatcher, Reply};
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

pub(super) fn scenarios() -> Vec<Scenario> {
    let size = Size::B100;
    vec![
        Scenario::new("dispatch-100-B", size.times(), move || dispatch(size)),
        Scenario::new("call-over-memory-100-B", size.times(), move || call_over_memory(size)),
    ]
}

/// From a decoded request to the encoded result: finding the method, its arguments, the handler and its guard.
fn dispatch(size: Size) -> Outcome<Operation> {
    #[derive(serde::Serialize)]
    struct Args {
        records: Vec<Record>,
    }
    let (format, mut body) = (Oslo2::new(), Vec::new());
    let args = RawJson::encode(&Args { records: size.sample() })?;
    let request = OutgoingRequest {
        method: "echo",
        args: args.as_str(),
        namespace: None,
        version: Some(oslo_messaging::Version::new(1, 0)),
        call: None,
        unique_id: id()?,
        context: &context()?,
    };
    let properties = format.encode_request(&request, &Limits::default(), &mut body)?;
    let request = format.decode_request(&body, &properties, &Limits::default())?;
    let dispatcher = Dispatcher::new(vec![Arc::new(StoreEndpoint::new(Echo))])?;
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
fn call_over_memory(size: Size) -> Outcome<Operation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let transport = Transport::connect("memory://")?;
    let server = RpcServer::builder(&transport, Target::server("store", "server-1"))
        .endpoint(StoreEndpoint::new(Echo))
        .build()?;
    let handle = runtime.block_on(async {
        transport.ready(Duration::from_secs(10)).await?;
        Outcome::Ok(server.start().await?)
    })?;
    let store = StoreClient::new(&transport, Target::topic("store"));
    let (records, context) = (size.sample(), context()?);
    Ok(Box::new(move || {
        let _serving = &handle;
        black_box(runtime.block_on(store.echo(&context, records.clone()))?);
        Ok(())
    }))
}
