//! Memory of calls that wait and of servers that idle.

use super::hold::{Kind, command};
use super::{end, held};
use crate::error::Result;
use crate::process::rss_kb;
use crate::report::table::rows;

pub(super) const NOTE: &str = "The resident memory of a process with so many, less that of one with a tenth of them, for each. A waiting \
                               call of 1 B includes its task, what waits for it in the client and, in memory, its request in the broker in \
                               the process.";

pub(super) async fn table(url: &str) -> Result<String> {
    let memory = "memory://bench";
    let mut table = Vec::new();
    for (what, kind, count, url) in [
        ("waiting call, memory", Kind::Calls, 100_000, memory),
        ("waiting call, RabbitMQ", Kind::Calls, 20_000, url),
        ("idle server, memory", Kind::Servers, 1_000, memory),
        ("idle server, RabbitMQ", Kind::Servers, 200, url),
    ] {
        let bytes = (resident(kind, count, url).await? - resident(kind, count / 10, url).await?) * 1024.0;
        let each = bytes / (count - count / 10) as f64;
        eprintln!("{what}: {each:.0} B");
        table.push(vec![what.to_owned(), count.to_string(), format!("{each:.0}")]);
    }
    Ok(rows(["what", "so many", "bytes each"].map(str::to_owned).into(), table))
}

async fn resident(kind: Kind, count: usize, url: &str) -> Result<f64> {
    let process = held(format!("process with {count}"), command(kind, count, url)?, count, url).await?;
    let resident = rss_kb(process.pid());
    // All calls wait for one server.
    end(process, if matches!(kind, Kind::Calls) { 1 } else { count }, url).await;
    Ok(resident? as f64)
}
