//! Connections and channels of a process with many clients and servers, as the broker counts them.

use tokio::process::Command;

use super::api::{Api, Counts};
use super::hold::{Kind, command};
use super::{end, held};
use crate::child::Child;
use crate::cli::GrowthOptions;
use crate::error::Result;
use crate::peers::python_script;
use crate::report::table::rows;

pub(super) const NOTE: &str = "So many servers, each on a topic of its own and called once by a client of its own, on one transport. \
                               Python's transport pools the connections of its clients; each of its servers has its own. A notification \
                               listener, of which there is none here, has a channel of its own, whatever the number of its topics.";

pub(super) async fn table(options: &GrowthOptions) -> Result<String> {
    let api = Api::new(&options.api);
    let idle = api.settled().await?;
    let mut table = Vec::new();
    for count in [1, 10, 100] {
        let (who, command) = (format!("process with {count}"), command(Kind::Pairs, count, &options.url)?);
        let ours =
            counted(&api, idle, held(who, command, count, &options.url).await?, options, count).await?;
        let (who, command) = (format!("python process with {count}"), python(options, count));
        let python =
            counted(&api, idle, held(who, command, count, &options.url).await?, options, count).await?;
        eprintln!("{count} clients and servers: ours {ours:?}, Python {python:?}");
        let cells = [count, ours.connections, ours.channels, python.connections, python.channels];
        table.push(cells.map(|cell| cell.to_string()).into());
    }
    let head = ["clients and servers", "connections", "channels", "Python: connections", "channels"];
    Ok(rows(head.map(str::to_owned).into(), table))
}

fn python(options: &GrowthOptions, count: usize) -> Command {
    let mut command = python_script(options.tools.python.as_ref(), "hold");
    command.args(["--url", &options.url, "--topic", "bench-growth", "--count", &count.to_string()]);
    command
}

/// What a process has, beyond what there was without it. Ends it, whatever comes of that.
async fn counted(
    api: &Api,
    idle: Counts,
    process: Child,
    options: &GrowthOptions,
    count: usize,
) -> Result<Counts> {
    let counts = api.settled_when(|now| now != idle).await;
    end(process, count, &options.url).await;
    let counts = counts?.since(idle);
    api.settled_when(|now| now == idle).await?;
    Ok(counts)
}
