//! A process that holds many of something and is looked at from outside.

use std::sync::Arc;
use std::time::Duration;

use bench_load::{Event, stdin_closed, tell};
use clap::{Args, ValueEnum};
use oslo_messaging::contract::{DynEndpoint, DynRequest, Endpoint};
use oslo_messaging::{Context, RemoteFailure, RpcClient, RpcServer, Target, Transport};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::contract::Contract;
use super::methods::CALLS;
use crate::broker::Site;
use crate::cli::OursMode;
use crate::error::{Error, Result};
use crate::peers::connect_ours;

/// Calls under way at a time where calls are measured.
const IN_FLIGHT: usize = 64;
/// A call that waits longer has failed.
const LONG: Duration = Duration::from_secs(600);

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// Calls that wait for their answer
    Calls,
    /// Servers that nobody calls
    Servers,
    /// Servers on topics of their own, each called once by a client of its own
    Pairs,
    /// Contracts of one server, of which the last is called
    Endpoints,
    /// Methods of one contract, called in turn
    Methods,
}

#[derive(Args)]
pub(crate) struct HoldOptions {
    #[arg(long, value_enum)]
    kind: Kind,
    #[arg(long)]
    count: usize,
    #[arg(long)]
    url: String,
}

pub(super) fn command(kind: Kind, count: usize, url: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let kind = kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    command.args(["hold", "--kind", &kind, "--count", &count.to_string(), "--url", url]);
    Ok(command)
}

/// The topic of the server with this number in the process `pid`.
pub(super) fn topic(pid: u32, number: usize) -> String {
    format!("bench-growth-{pid}-{number}")
}

/// `bench hold`.
pub(crate) async fn hold(options: HoldOptions) -> Result<()> {
    let site = Site { url: options.url, topic: String::new(), durable: false };
    let transport = connect_ours(&site, OursMode::Thread).await?;
    let count = options.count;
    match options.kind {
        Kind::Calls => calls(&transport, count).await?,
        Kind::Servers => {
            for number in 0..count {
                serve(&transport, number, vec![echo()]).await?;
            }
        }
        Kind::Pairs => {
            for number in 0..count {
                serve(&transport, number, vec![echo()]).await?;
                call(&client(&transport, number), "echo").await?;
            }
        }
        Kind::Endpoints => {
            let namespaced = |number| Contract::new(Some(format!("n{number}")), ["echo".to_owned()]);
            serve(&transport, 0, (0..count).map(namespaced).collect()).await?;
            let last = client(&transport, 0).prepare(|options| options.namespace(format!("n{}", count - 1)));
            return measured(last, vec!["echo".to_owned()]).await;
        }
        Kind::Methods => {
            let methods: Vec<String> = (0..count).map(|number| format!("echo_{number}")).collect();
            serve(&transport, 0, vec![Contract::new(None, methods.clone())]).await?;
            return measured(client(&transport, 0), methods).await;
        }
    }
    tell(&Event::READY)?;
    stdin_closed().await;
    Ok(())
}

fn echo() -> DynEndpoint {
    DynEndpoint::new(async |request: DynRequest| Ok::<Value, RemoteFailure>(Value::Object(request.args)))
}

async fn serve<E: Endpoint>(transport: &Transport, number: usize, endpoints: Vec<E>) -> Result<()> {
    let target = Target::server(topic(std::process::id(), number), "s1");
    let mut builder = RpcServer::builder(transport, target);
    for endpoint in endpoints {
        builder = builder.endpoint(endpoint);
    }
    let server = builder.build().map_err(failed)?;
    // It ends with its transport.
    server.start().await.map(drop).map_err(failed)
}

fn client(transport: &Transport, number: usize) -> RpcClient {
    RpcClient::new(transport, Target::topic(topic(std::process::id(), number)))
}

async fn call(client: &RpcClient, method: &str) -> Result<()> {
    let call = client.call(&Context::new(), method.to_owned(), &json!({ "data": "x" }));
    call.timeout(LONG).await.map(drop).map_err(failed)
}

/// Calls that wait in a server that answers none of them before the process ends.
async fn calls(transport: &Transport, count: usize) -> Result<()> {
    let never = DynEndpoint::new(async |_: DynRequest| {
        std::future::pending::<()>().await;
        Ok::<Value, RemoteFailure>(Value::Null)
    });
    serve(transport, 0, vec![never]).await?;
    let client = Arc::new(client(transport, 0));
    for _ in 0..count {
        let client = client.clone();
        tokio::spawn(async move { call(&client, "wait").await });
    }
    while transport.stats().calls_in_flight < count as u64 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // When the broker has this one, it has those before it.
    client.cast(&Context::new(), "wait", &json!({ "data": "x" })).await.map_err(failed)
}

/// [`CALLS`] calls of the methods in turn, between two events.
async fn measured(client: RpcClient, methods: Vec<String>) -> Result<()> {
    let (client, methods) = (Arc::new(client), Arc::new(methods));
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    call(&client, &methods[0]).await?;
    tell(&Event::Start)?;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let permit = room.clone().acquire_owned().await.map_err(failed)?;
        let (client, methods) = (client.clone(), methods.clone());
        calls.spawn(async move {
            let _permit = permit;
            call(&client, &methods[number % methods.len()]).await
        });
        while let Some(done) = calls.try_join_next() {
            done.map_err(failed)??;
        }
    }
    while let Some(done) = calls.join_next().await {
        done.map_err(failed)??;
    }
    tell(&Event::End)?;
    stdin_closed().await;
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Peer(error.to_string())
}
