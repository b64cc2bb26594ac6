//! `bench-peers`: echo servers and clients of other frameworks under the load of `bench`, which starts both as processes.
//!
//! Each peer's module knows its framework; the load, the events and the figures are those of `bench-load`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stderr, reason = "a program: events on stdout, faults on stderr")]

mod jsonrpsee_peer;
mod message;
mod nats_peer;
mod tarpc_peer;
mod tonic_peer;

use std::process::ExitCode;

use bench_load::{Client, Event, LoadOptions, What, drive, signalled, stdin_closed, tell};
use clap::{Args, Parser, Subcommand, ValueEnum};

type Fault = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Fault> = std::result::Result<T, E>;

#[derive(Parser)]
#[command(
    name = "bench-peers",
    about = "Echo servers and clients of other frameworks, for `bench run --peer`"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve on a free port and say which; ends with Ctrl-C or SIGTERM
    Server {
        #[command(flatten)]
        peer: PeerOptions,
        /// What for; there are only calls
        #[arg(long, value_enum, default_value = "call")]
        what: What,
        /// End when standard input does, as a child of `bench run`
        #[arg(long)]
        follow_stdin: bool,
    },
    /// Load what is up; prints events as JSON lines
    Client {
        #[command(flatten)]
        peer: PeerOptions,
        #[command(flatten)]
        load: LoadOptions,
    },
}

#[derive(Args)]
struct PeerOptions {
    #[arg(long, value_enum)]
    peer: Peer,
    /// What the server has said, for clients
    #[arg(long, default_value = "")]
    url: String,
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Peer {
    Tonic,
    Tarpc,
    Jsonrpsee,
    Nats,
}

/// What is served, until it is dropped.
struct Serving {
    address: String,
    /// The broker between client and server, where there is one.
    broker: Option<nats_peer::Broker>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workers = match &cli.command {
        Command::Server { peer, .. } | Command::Client { peer, .. } => peer.workers,
    };
    let started = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let outcome = started.map_err(Fault::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(cli.command));
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("bench-peers: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Server { what, .. } if what != What::Call => Err("these peers only call".into()),
        Command::Server { peer, follow_stdin, .. } => serve(peer.peer, follow_stdin).await,
        Command::Client { peer, load } => match peer.peer {
            Peer::Tonic => report(tonic_peer::connect(&peer.url).await?, load).await,
            Peer::Tarpc => report(tarpc_peer::connect(&peer.url).await?, load).await,
            Peer::Jsonrpsee => report(jsonrpsee_peer::connect(&peer.url).await?, load).await,
            Peer::Nats => report(nats_peer::connect(&peer.url).await?, load).await,
        },
    }
}

async fn serve(peer: Peer, follow_stdin: bool) -> Result<()> {
    let serving = match peer {
        Peer::Tonic => tonic_peer::serve().await?,
        Peer::Tarpc => tarpc_peer::serve().await?,
        Peer::Jsonrpsee => jsonrpsee_peer::serve().await?,
        Peer::Nats => nats_peer::serve().await?,
    };
    let broker_pid = serving.broker.as_ref().and_then(nats_peer::Broker::pid);
    tell(&Event::Ready { address: Some(serving.address), broker_pid })?;
    if follow_stdin {
        stdin_closed().await;
    } else {
        signalled().await?;
    }
    match serving.broker {
        Some(broker) => broker.stop().await,
        None => Ok(()),
    }
}

/// Puts the load on, tells the figures, and stays until this process has been looked at.
async fn report<C: Client>(client: C, load: LoadOptions) -> Result<()> {
    tell(&Event::Result(drive(client, &load.plan()?).await?))?;
    stdin_closed().await;
    Ok(())
}
