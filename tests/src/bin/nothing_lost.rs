//! `tests/run --peers cargo run --release -p tests --bin nothing_lost`: confirmed notifications while listeners and a broker
//! of its own come and go, as many as one wants.

#![allow(clippy::print_stdout)]

use clap::Parser;
use std::process::ExitCode;
use tests::broker::Broker;
use tests::scenarios::{Course, nothing_lost};

#[derive(Parser)]
#[command(about = "Sends notifications while listeners and the broker come and go; none may be lost")]
struct Cli {
    /// How many notifications are sent.
    #[arg(long, default_value_t = 100_000)]
    notifications: usize,
    /// How often the listener is stopped and started.
    #[arg(long, default_value_t = 10)]
    listener_restarts: usize,
    /// How often the listener ends without a stop, in the middle of its handlers' work.
    #[arg(long, default_value_t = 5)]
    listener_deaths: usize,
    /// How often the broker is killed and started.
    #[arg(long, default_value_t = 2)]
    broker_restarts: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { notifications, listener_restarts, listener_deaths, broker_restarts } = Cli::parse();
    let node = Broker::private().await;
    let host = node.virtual_host("nothing-lost").await;
    let course = Course { notifications, listener_restarts, listener_deaths, broker_restarts };
    let outcome = nothing_lost(&node, &host.url(), course, |line| println!("{line}")).await;
    println!("{outcome:?}");
    let came_again = listener_deaths == 0 || outcome.brought_back > 0;
    if outcome.lost == 0 && outcome.confirmed == notifications && came_again {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
