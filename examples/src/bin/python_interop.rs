//! The server and the client of oslo.messaging's own documentation, in Rust: each works with the other's Python half.
#![allow(clippy::print_stdout)]

use clap::{Parser, Subcommand};
use oslo_messaging::json::RawJson;
use oslo_messaging::rpc::ServerHandle;
use oslo_messaging::{
    CallError, Context, RemoteFailure, RpcClient, RpcServer, Target, Transport, Version, endpoint,
};
use serde_json::{Value, json};
use std::error::Error;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[derive(Parser)]
#[command(
    about = "The server and the client of oslo.messaging's documentation, to be mixed with their Python halves"
)]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Serve `control` (with `stop`) and three `test` methods until `stop` is called.
    Server {
        /// Transport URL, for example rabbit://guest:guest@localhost:5672/
        #[arg(long)]
        url: String,
        /// Topic to serve.
        #[arg(long, default_value = "test")]
        topic: String,
        /// Name of this server.
        #[arg(long, default_value = "server1")]
        server: String,
    },
    /// Call such a server, in Rust or Python, check its answers and stop it.
    Client {
        /// Transport URL, for example rabbit://guest:guest@localhost:5672/
        #[arg(long)]
        url: String,
        /// Topic to call.
        #[arg(long, default_value = "test")]
        topic: String,
    },
}

#[endpoint(namespace = "control", version = "2.0")]
trait Control {
    /// Ends the server.
    async fn stop(&self) -> Result<(), RemoteFailure>;
}

#[endpoint(version = "1.0")]
trait Test {
    /// Returns its argument.
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure>;
}

#[endpoint(namespace = "namespace1", version = "1.0")]
trait Test1 {
    /// Returns its argument.
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure>;
}

#[endpoint(namespace = "namespace2", version = "1.0")]
trait Test2 {
    /// Returns its argument.
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure>;
}

/// Stops the server that it is part of; the handle exists only once that runs.
struct Controller(Arc<OnceLock<ServerHandle>>);

impl Control for Controller {
    async fn stop(&self) -> Result<(), RemoteFailure> {
        if let Some(server) = self.0.get() {
            server.stop();
        }
        Ok(())
    }
}

struct Echo;

impl Test for Echo {
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure> {
        Ok(arg)
    }
}

impl Test1 for Echo {
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure> {
        Ok(arg)
    }
}

impl Test2 for Echo {
    async fn test(&self, arg: RawJson) -> Result<RawJson, RemoteFailure> {
        Ok(arg)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::log_to_stderr();
    match cli.role {
        Role::Server { url, topic, server } => examples::run(serve(&url, &topic, &server)).await,
        Role::Client { url, topic } => examples::run(call(&url, &topic)).await,
    }
}

async fn serve(url: &str, topic: &str, name: &str) -> Result<(), Box<dyn Error>> {
    let transport = Transport::connect(url)?;
    transport.ready(Duration::from_secs(10)).await?;
    let handle = Arc::new(OnceLock::new());
    let server = RpcServer::builder(&transport, Target::server(topic, name))
        .endpoint(ControlEndpoint::new(Controller(Arc::clone(&handle))))
        .endpoint(TestEndpoint::new(Echo))
        .endpoint(Test1Endpoint::new(Echo))
        .endpoint(Test2Endpoint::new(Echo))
        .build()?;
    let running = server.start().await?;
    let running = handle.get_or_init(|| running);
    println!("ready");
    running.until_signal().await?;
    transport.close(Duration::from_secs(5)).await;
    Ok(())
}

async fn call(url: &str, topic: &str) -> Result<(), Box<dyn Error>> {
    let transport = Transport::connect(url)?;
    transport.ready(Duration::from_secs(10)).await?;
    let context = Context::new();
    let client = RpcClient::new(&transport, Target::topic(topic));
    let sent = json!({"text": "grüße", "list": [1, 2.5, null, true]});
    for namespace in [None, Some("namespace1"), Some("namespace2")] {
        let client = client.prepare(|options| match namespace {
            Some(namespace) => options.namespace(namespace).version(Version::new(1, 0)),
            None => options,
        });
        let answer: Value = client.call(&context, "test", &json!({"arg": sent})).await?.decode()?;
        if answer != sent {
            return Err(format!("{namespace:?}: sent {sent}, got {answer}").into());
        }
        println!("{}: test returned its argument", namespace.unwrap_or("no namespace"));
    }
    match client.call(&context, "no_such_method", &json!({})).await {
        Err(CallError::Rejected(rejection)) => println!("no_such_method: {rejection}"),
        other => return Err(format!("an unknown method gave {other:?}").into()),
    }
    ControlClient::new(&transport, Target::topic(topic)).stop().await?;
    println!("control: stop was answered");
    transport.close(Duration::from_secs(5)).await;
    Ok(())
}
