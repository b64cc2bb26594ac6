//! `bench growth`: what more of everything costs: calls in flight, methods, clients and servers, bytes.

mod api;
mod contract;
mod counts;
mod hold;
mod load;
mod memory;
mod methods;

use std::process::ExitCode;

use crate::child::Child;
use crate::cli::{GrowthOptions, Rig};
use crate::error::Result;
use crate::machine;
use crate::measure::PATIENCE;
use bench_load::Event;

pub(crate) use hold::{HoldOptions, hold};

const HEAD: &str = "# Growth\n\nWhat more of everything costs. `bench growth --url URL --api HOST:PORT --broker-pid PID --out docs/results` writes \
                    this page; how calls are measured: [README.md](README.md). CPU is of client and server together.\n";

pub(crate) async fn run(options: GrowthOptions) -> Result<ExitCode> {
    let (seconds, rounds) = if options.quick { (0.5, 1) } else { (2.0, 3) };
    let rig = Rig { seconds, warmup: 0.5, rounds, tools: options.tools.clone() };
    let quick = if options.quick {
        " This run was made with `--quick`: its rates say less than those of a full one."
    } else {
        ""
    };
    let machine = machine::describe_without_peers(&options.url, &options.tools).await;
    let mut page =
        format!("{HEAD}\n{machine}\n\nRates are medians of {rounds} rounds of {seconds} seconds.{quick}\n");
    let mut add = |title: &str, note: &str, table: String| {
        page.push_str(&format!("\n## {title}\n\n{table}"));
        if !note.is_empty() {
            page.push_str(&format!("\n{note}\n"));
        }
    };
    add("Calls in flight, 100 B", load::IN_FLIGHT_NOTE, load::in_flight(&options.url, &rig).await?);
    add("Bytes, one call in flight", load::BYTES_NOTE, load::bytes(&options.url, &rig).await?);
    add("Methods and endpoints, in memory, 64 in flight", methods::NOTE, methods::table().await?);
    add("Connections and channels of one process", counts::NOTE, counts::table(&options).await?);
    add("Memory", memory::NOTE, memory::table(&options.url).await?);
    std::fs::create_dir_all(&options.out)?;
    let path = options.out.join("growth.md");
    std::fs::write(&path, page)?;
    eprintln!("written: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// A process that holds `count` of something, once it has them.
async fn held(kind: hold::Kind, count: usize, url: &str) -> Result<Child> {
    let mut child = Child::start(format!("process with {count}"), hold::command(kind, count, url)?)?;
    child.expect("readiness", PATIENCE, |event| matches!(event, Event::Ready { .. }).then_some(())).await?;
    Ok(child)
}
