//! Connections and channels of a process with many clients and servers, as the broker counts them.

use super::api::Api;
use super::held;
use super::hold::{Kind, topic};
use crate::broker::{Site, clean_up};
use crate::child::Child;
use crate::cli::GrowthOptions;
use crate::error::Result;
use crate::measure::PATIENCE;
use crate::peers::{python_script, server_names};
use crate::report::table::rows;
use bench_load::Event;

pub(super) const NOTE: &str = "So many servers, each on a topic of its own and called once by a client of its own, on one transport. \
                               Python's transport pools the connections of its clients; each of its servers has its own. A notification \
                               listener, of which there is none here, has a channel of its own, whatever the number of its topics.";

pub(super) async fn table(options: &GrowthOptions) -> Result<String> {
    let api = Api::new(&options.api);
    let idle = api.settled().await?;
    let mut table = Vec::new();
    for count in [1, 10, 100] {
        let process = held(Kind::Pairs, count, &options.url).await?;
        let ours = api.settled_when(|now| now != idle).await?.since(idle);
        end(process, count, &options.url).await?;
        api.settled_when(|now| now == idle).await?;
        let process = python(options, count).await?;
        let python = api.settled_when(|now| now != idle).await?.since(idle);
        end(process, count, &options.url).await?;
        api.settled_when(|now| now == idle).await?;
        eprintln!("{count} clients and servers: ours {ours:?}, Python {python:?}");
        let cells = [count, ours.connections, ours.channels, python.connections, python.channels];
        table.push(cells.map(|cell| cell.to_string()).into());
    }
    let head = ["clients and servers", "connections", "channels", "Python: connections", "channels"];
    Ok(rows(head.map(str::to_owned).into(), table))
}

async fn python(options: &GrowthOptions, count: usize) -> Result<Child> {
    let mut command = python_script(options.tools.python.as_ref(), "hold");
    command.args(["--url", &options.url, "--topic", "bench-growth", "--count", &count.to_string()]);
    let mut child = Child::start(format!("python process with {count}"), command)?;
    child.expect("readiness", PATIENCE, |event| matches!(event, Event::Ready { .. }).then_some(())).await?;
    Ok(child)
}

/// Ends a process that holds servers, and takes away their queues.
pub(super) async fn end(process: Child, count: usize, url: &str) -> Result<()> {
    let pid = process.pid();
    process.close().await?;
    for number in 0..count {
        let site = Site { url: url.to_owned(), topic: topic(pid, number), durable: false };
        clean_up(&site, server_names(1)).await?;
    }
    Ok(())
}
