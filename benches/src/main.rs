//! `bench`: rates, latencies, CPU and memory of RPC and notifications over a broker, for this library and its peers.
//!
//! `run` measures: it starts a server and a client of each peer as processes of their own, takes their CPU and memory from
//! `/proc`, and repeats peer after peer so that ratios come from the same minutes. `server` and `client` are those processes.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program: results on stdout, progress on stderr"
)]

mod broker;
mod case;
mod child;
mod cli;
mod error;
mod figures;
mod fill;
mod growth;
mod listen;
mod machine;
mod measure;
mod notification;
mod peers;
mod process;
mod processors;
mod quiet;
mod report;
mod run;
mod suite;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};
use crate::error::Result;

fn main() -> ExitCode {
    // Off unless asked for: a peer that formats log lines is not the peer we mean to measure.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match start(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode> {
    let workers = match &cli.command {
        Command::Run(_) | Command::Suite(_) | Command::Growth(_) => 1,
        Command::Hold(_) => 2,
        Command::Server(server) => server.peer.workers,
        Command::Client(client) => client.peer.workers,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Run(options) => run::run(options).await,
            Command::Suite(options) => suite::run(options).await,
            Command::Growth(options) => growth::run(options).await,
            Command::Hold(options) => growth::hold(options).await.map(|()| ExitCode::SUCCESS),
            Command::Server(options) => peers::serve(options).await.map(|()| ExitCode::SUCCESS),
            Command::Client(options) => peers::load(options).await.map(|()| ExitCode::SUCCESS),
        }
    });
    // What a peer leaves behind (a call that never ended, a connection that will not close) must not hold the process.
    runtime.shutdown_background();
    outcome
}
