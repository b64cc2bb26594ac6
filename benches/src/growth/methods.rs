//! Cost of a call by the number of methods and endpoints that a server has.

use bench_load::Event;

use super::hold::{Kind, command};
use crate::child::Child;
use crate::error::Result;
use crate::measure::PATIENCE;
use crate::process::cpu_seconds;
use crate::report::table::rows;

pub(super) const NOTE: &str = "Methods: a contract of so many, called in turn. Endpoints: so many contracts of one method, of the same name in as \
                               many namespaces, of which the last is called: those that list the name are asked in their order.";

/// Calls that are measured: enough that the clock's 10 ms do not matter.
pub(super) const CALLS: usize = 40_000;

pub(super) async fn table() -> Result<String> {
    let mut table = Vec::new();
    for count in [1, 10, 100, 500] {
        let (methods, endpoints) =
            (cpu_us(Kind::Methods, count).await?, cpu_us(Kind::Endpoints, count).await?);
        eprintln!("{count} methods: {methods:.1} µs a call; {count} endpoints: {endpoints:.1} µs");
        table.push(vec![count.to_string(), format!("{methods:.1}"), format!("{endpoints:.1}")]);
    }
    let head = ["so many", "methods: CPU µs a call", "endpoints: CPU µs a call"];
    Ok(rows(head.map(str::to_owned).into(), table))
}

async fn cpu_us(kind: Kind, count: usize) -> Result<f64> {
    let mut child = Child::start(format!("server of {count}"), command(kind, count, "memory://bench")?)?;
    let pid = child.pid();
    child.expect("the first call", PATIENCE, |event| matches!(event, Event::Start).then_some(())).await?;
    let before = cpu_seconds(pid)?;
    child.expect("the last call", PATIENCE, |event| matches!(event, Event::End).then_some(())).await?;
    let spent = cpu_seconds(pid)? - before;
    child.close().await?;
    Ok(spent / CALLS as f64 * 1e6)
}
