//! `gate`: counts instructions and allocations of what a message costs, and compares them with committed baselines.
//!
//! `check` compares, `bless` writes the baseline, `explain` shows where a scenario's instructions go. Each scenario runs in
//! a process of its own under callgrind, which starts this program again.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program: results on stdout, errors on stderr"
)]

mod baseline;
mod callgrind;
mod commands;
mod compare;
mod conditions;
mod counting;
mod error;
mod profile;
mod report;
mod scenarios;

use std::alloc::System;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::error::Result;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The baseline of this source tree.
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.toml");

#[derive(Parser)]
#[command(
    about = "Counts instructions and allocations of what a message costs, against a committed baseline"
)]
struct Cli {
    /// The file of counts to compare with, or to write.
    #[arg(long, default_value = BASELINE, global = true)]
    baseline: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fails where a scenario costs more than the baseline says, or less and the baseline is out of date.
    Check,
    /// Counts everything and writes it down as the new baseline.
    Bless,
    /// Shows which functions take a scenario's instructions, now and in the baseline.
    Explain { scenario: String },
    /// What runs under callgrind.
    #[command(name = callgrind::OPERATE, hide = true)]
    Operate { scenario: String },
}

fn main() -> ExitCode {
    match start(&Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gate: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli) -> Result<ExitCode> {
    match &cli.command {
        Command::Check => commands::check(&cli.baseline),
        Command::Bless => commands::bless(&cli.baseline),
        Command::Explain { scenario } => commands::explain(&cli.baseline, scenario),
        Command::Operate { scenario } => {
            let heap = counting::count(&scenarios::named(scenario)?)?;
            println!("{} {}", heap.allocations, heap.bytes);
            Ok(ExitCode::SUCCESS)
        }
    }
}
