//! `bench growth`: what more of everything costs: calls in flight, methods, clients and servers, bytes.

mod api;
mod contract;
mod counts;
mod hold;
mod load;
mod memory;
mod methods;
mod page;

use std::process::ExitCode;

use crate::broker::{Site, clean_up, is_in_process};
use crate::child::Child;
use crate::cli::{GrowthOptions, Rig};
use crate::error::{Error, Result};
use crate::figures::NOISY_CORES;
use crate::machine;
use crate::measure::PATIENCE;
use crate::peers::server_names;
use bench_load::Event;
use tokio::process::Command;

use page::{Page, Part};

pub(crate) use hold::{HoldOptions, hold};

const HEAD: &str = "# Growth\n\nWhat more of everything costs. `bench growth --url URL --api HOST:PORT --broker-pid PID --out docs/results` writes \
                    this page; how calls are measured: [README.md](README.md). CPU is of client and server together.\n";

/// In the order in which they are measured.
const PARTS: [Part; 5] = [
    Part { title: "Calls in flight, 100 B", note: load::IN_FLIGHT_NOTE },
    Part { title: "Bytes, one call in flight", note: load::BYTES_NOTE },
    Part { title: "Methods and endpoints, in memory, 64 in flight", note: methods::NOTE },
    Part { title: "Connections and channels of one process", note: counts::NOTE },
    Part { title: "Memory", note: memory::NOTE },
];

pub(crate) async fn run(options: GrowthOptions) -> Result<ExitCode> {
    let (seconds, rounds) = if options.quick { (0.5, 1) } else { (2.0, 3) };
    let rig = Rig { seconds, warmup: 0.5, rounds, tools: options.tools.clone() };
    let quick = if options.quick {
        " This run was made with `--quick`: its rates say less than those of a full one."
    } else {
        ""
    };
    let machine = machine::describe_without_peers(&options.url, &options.tools).await;
    let begin = format!(
        "{HEAD}\n{machine}\n\nRates are medians of {rounds} rounds of {seconds} seconds; what ran with more than \
         {NOISY_CORES} cores of other load is marked.{quick}\n"
    );
    std::fs::create_dir_all(&options.out)?;
    let mut page = Page::new(options.out.join("growth.md"), begin, PARTS);
    let (in_flight, calls_are_sound) = load::in_flight(&options.url, &rig).await;
    page.add(Ok(in_flight))?;
    let (bytes, bytes_are_sound) = load::bytes(&options.url, &rig).await;
    page.add(Ok(bytes))?;
    page.add(methods::table().await)?;
    page.add(counts::table(&options).await)?;
    page.add(memory::table(&options.url).await)?;
    let sound = calls_are_sound && bytes_are_sound && page.is_sound();
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A process that holds `count` of something, as `command` makes them, once it has them.
async fn held(who: String, command: Command, count: usize, url: &str) -> Result<Child> {
    let mut child = Child::start(who, command)?;
    let ready = |event| matches!(event, Event::Ready { .. }).then_some(());
    let outcome = child.expect("readiness", PATIENCE, ready).await;
    match outcome {
        Ok(()) => Ok(child),
        Err(error) => {
            end(child, count, url).await;
            Err(error)
        }
    }
}

/// Ends a process that holds servers, and takes away their queues, where there is a broker.
async fn end(process: Child, count: usize, url: &str) {
    let pid = process.pid();
    let ended = async {
        process.close().await?;
        for number in 0..if is_in_process(url) { 0 } else { count } {
            let site = Site { url: url.to_owned(), topic: hold::topic(pid, number), durable: false };
            clean_up(&site, server_names(1)).await?;
        }
        Ok::<_, Error>(())
    };
    if let Err(error) = ended.await {
        // What was looked at before says more: figures, or why there are none.
        eprintln!("bench: queues of process {pid} may be left at the broker: {error}");
    }
}
