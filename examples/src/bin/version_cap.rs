//! A rolling upgrade: the client knows version 1.1 of a contract, but some servers are still at 1.0. Under a version cap it
//! sends nothing that those could not read, and says so before anything is sent.
#![allow(clippy::print_stdout)]

use clap::Parser;
use oslo_messaging::id::MessageId;
use oslo_messaging::{CallError, RemoteFailure, RpcServer, Target, Version, endpoint};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "A new client and an old server, with and without a version cap")]
struct Cli {
    /// Transport URL; the default needs nothing installed.
    #[arg(long, default_value = "memory://")]
    url: String,
}

mod v1_0 {
    use super::*;

    /// As the old servers know it.
    #[endpoint(namespace = "volumes", version = "1.0")]
    pub trait Volumes {
        /// Makes a volume of `size` GiB.
        async fn create(&self, size: u32) -> Result<String, RemoteFailure>;
    }
}

/// As the new client knows it.
#[endpoint(namespace = "volumes", version = "1.1")]
pub trait Volumes {
    /// Makes a volume of `size` GiB.
    async fn create(
        &self,
        size: u32,
        /// Where to; left out for servers older than 1.1.
        #[arg(since = "1.1", drop)]
        zone: Option<String>,
    ) -> Result<String, RemoteFailure>;

    /// Makes a copy.
    #[call(since = "1.1")]
    async fn copy(&self, id: &str) -> Result<String, RemoteFailure>;
}

struct OldServer;

impl v1_0::Volumes for OldServer {
    async fn create(&self, size: u32) -> Result<String, RemoteFailure> {
        Ok(format!("volume of {size} GiB"))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::log_to_stderr();
    examples::run(upgrade(&cli.url)).await
}

async fn upgrade(url: &str) -> Result<(), Box<dyn Error>> {
    let topic = format!("volumes-{}", MessageId::random());
    let transport = examples::connect(url, &topic).await?;
    let server = RpcServer::builder(&transport, Target::server(&topic, "old"))
        .endpoint(v1_0::VolumesEndpoint::new(OldServer))
        .build()?
        .start()
        .await?;
    let volumes = VolumesClient::new(&transport, Target::topic(&topic));

    println!("without a cap, an old server refuses what it does not know:");
    match volumes.create(10, Some("zone-b".to_owned())).await {
        Err(error @ CallError::Rejected(_)) => println!("  ran: {}; {error}", error.ran()),
        other => return Err(format!("expected a refusal, got {other:?}").into()),
    }

    let capped = volumes.prepare(|options| options.version_cap(Version::new(1, 0)));
    println!("under the cap 1.0, `zone` is left out:");
    println!("  {}", capped.create(10, Some("zone-b".to_owned())).await?);
    println!("and a method of 1.1 is not sent at all:");
    match capped.copy("volume-1").await {
        Err(error @ CallError::NotSent(_)) => println!("  ran: {}; {error}", error.ran()),
        other => return Err(format!("expected the cap to refuse it, got {other:?}").into()),
    }
    server.stop();
    server.wait(Duration::from_secs(5)).await;
    transport.close(Duration::from_secs(5)).await;
    Ok(())
}
