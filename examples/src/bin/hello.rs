//! The first program of the README.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use oslo_messaging::{Context, RemoteFailure, RpcServer, Target, Transport, endpoint};
use std::time::Duration;

#[endpoint(version = "1.0")]
trait Greeter {
    async fn greet(&self, ctx: &Context, name: &str) -> Result<String, RemoteFailure>;
}

struct Hello;

impl Greeter for Hello {
    async fn greet(&self, _ctx: &Context, name: &str) -> Result<String, RemoteFailure> {
        Ok(format!("Hello, {name}!"))
    }
}

async fn hello(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let transport = Transport::connect(url)?;
    transport.ready(Duration::from_secs(10)).await?;
    let target = Target::server("greetings", "server-1");
    let server = RpcServer::builder(&transport, target).endpoint(GreeterEndpoint::new(Hello)).build()?;
    server.start().await?;

    let greeter = GreeterClient::new(&transport, Target::topic("greetings"));
    println!("{}", greeter.greet(&Context::new(), "world").await?);
    if let Err(error) = greeter.greet(&Context::new(), "anybody").topic("nowhere").await {
        println!("ran: {}; {error}", error.ran());
    }
    Ok(())
}

#[tokio::main]
async fn main() {
    if let Err(error) = hello(&std::env::args().nth(1).unwrap_or("memory://".to_owned())).await {
        eprintln!("{error}");
        std::process::exit(1);
    }
}
