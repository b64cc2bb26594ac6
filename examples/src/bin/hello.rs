//! The first program of the README.

use oslo_messaging::{CallError, Context, RemoteFailure, RpcServer, Target, Transport, endpoint};

/// Greets people.
#[endpoint(version = "1.0")]
pub trait Greeter {
    /// Returns a greeting for `name`.
    async fn greet(&self, ctx: &Context, name: &str) -> Result<String, RemoteFailure>;
}

struct Hello;

impl Greeter for Hello {
    async fn greet(&self, _ctx: &Context, name: &str) -> Result<String, RemoteFailure> {
        Ok(format!("Hello, {name}!"))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or("memory://".to_owned());
    let transport = Transport::connect(url)?;
    let target = Target::server("greetings", "server-1");
    let server = RpcServer::builder(&transport, target).endpoint(GreeterEndpoint::new(Hello)).build()?;
    server.start().await?;

    let greeter = GreeterClient::new(&transport, Target::topic("greetings"));
    println!("{}", greeter.greet(&Context::new(), "world").await?);

    match greeter.greet(&Context::new(), "anybody").topic("nowhere").await {
        Err(error @ CallError::Unroutable(_)) => println!("ran: {}; {error}", error.ran()),
        other => println!("{other:?}"),
    }
    Ok(())
}
