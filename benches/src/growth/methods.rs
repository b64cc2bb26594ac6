//! Cost of a call by the number of methods and endpoints that a server has.

use std::time::Instant;

use bench_load::Event;

use super::hold::{Kind, command};
use crate::child::Child;
use crate::error::Result;
use crate::figures::NOISY_CORES;
use crate::measure::PATIENCE;
use crate::process::{cpu_seconds, machine_busy_seconds};
use crate::report::table::rows;

pub(super) const NOTE: &str = "Methods: a contract of so many, called in turn. Endpoints: so many contracts of one method, of the same name in as \
                               many namespaces, of which the last is called. The least of five processes, by turns: what is far \
                               apart or loaded only adds.";

const ROUNDS: usize = 5;
const COUNTS: [usize; 4] = [1, 10, 100, 500];

/// Calls that are measured: enough that the clock's 10 ms do not matter.
pub(super) const CALLS: usize = 40_000;

pub(super) async fn table() -> Result<String> {
    let mut costs = COUNTS.map(|count| (count, Cost::NONE_YET, Cost::NONE_YET));
    for _ in 0..ROUNDS {
        for (count, methods, endpoints) in &mut costs {
            methods.keep_less(cost(Kind::Methods, *count).await?);
            endpoints.keep_less(cost(Kind::Endpoints, *count).await?);
        }
    }
    let (mut table, mut marks) = (Vec::new(), String::new());
    for (count, methods, endpoints) in costs {
        let (of_methods, of_endpoints) = (methods.cpu_us, endpoints.cpu_us);
        eprintln!("{count} methods: {of_methods:.1} µs a call; {count} endpoints: {of_endpoints:.1} µs");
        table.push(row(count, &methods, &endpoints));
        for (what, cost) in [("methods", methods), ("endpoints", endpoints)] {
            if cost.other_cores > NOISY_CORES {
                marks.push_str(&format!(
                    "\n{count} {what}: measured with more than {NOISY_CORES} cores of other load.\n"
                ));
            }
        }
    }
    let head = ["so many", "methods: CPU µs a call", "endpoints: CPU µs a call", "other load, cores"];
    Ok(rows(head.map(str::to_owned).into(), table) + &marks)
}

struct Cost {
    cpu_us: f64,
    /// Cores kept busy meanwhile by other processes.
    other_cores: f64,
}

impl Cost {
    const NONE_YET: Self = Self { cpu_us: f64::INFINITY, other_cores: 0.0 };

    fn keep_less(&mut self, other: Self) {
        if other.cpu_us < self.cpu_us {
            *self = other;
        }
    }
}

fn row(count: usize, methods: &Cost, endpoints: &Cost) -> Vec<String> {
    vec![
        count.to_string(),
        format!("{:.1}", methods.cpu_us),
        format!("{:.1}", endpoints.cpu_us),
        format!("{:.2}, {:.2}", methods.other_cores, endpoints.other_cores),
    ]
}

async fn cost(kind: Kind, count: usize) -> Result<Cost> {
    let mut child = Child::start(format!("server of {count}"), command(kind, count, "memory://bench")?)?;
    let pid = child.pid();
    child.expect("the first call", PATIENCE, |event| matches!(event, Event::Start).then_some(())).await?;
    let (begun, before, busy) = (Instant::now(), cpu_seconds(pid)?, machine_busy_seconds()?);
    child.expect("the last call", PATIENCE, |event| matches!(event, Event::End).then_some(())).await?;
    let (spent, busy) = (cpu_seconds(pid)? - before, machine_busy_seconds()? - busy);
    let other_cores = ((busy - spent) / begun.elapsed().as_secs_f64()).max(0.0);
    child.close().await?;
    Ok(Cost { cpu_us: spent / CALLS as f64 * 1e6, other_cores })
}
