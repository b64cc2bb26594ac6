//! Cost of a call by the number in flight and by its bytes.

use crate::case::Case;
use crate::cli::{OursMode, Rig};
use crate::figures::{Series, median};
use crate::peers::Contender;
use crate::quiet::measure_quietly;
use crate::report::place;
use crate::report::table::{APART, apart, remarks, rows};
use bench_load::What;

pub(super) const IN_FLIGHT_NOTE: &str =
    "One call at a time pays for waking idle threads. 100,000 only in memory.";
pub(super) const BYTES_NOTE: &str = "Linear where what a MiB takes stays the same.";

const MEMORY: &str = "memory://bench";
const MEBIBYTE: usize = 1 << 20;

/// The table, and whether nothing in it has failed.
pub(super) async fn in_flight(url: &str, rig: &Rig) -> (String, bool) {
    let (mut table, mut all) = (Vec::new(), Vec::new());
    for (over, url, counts) in [
        ("memory", MEMORY, &[1, 8, 64, 512, 4096, 100_000][..]),
        ("RabbitMQ", url, &[1, 8, 64, 512, 4096][..]),
    ] {
        for inflight in counts {
            let series = measure(url, *inflight, 100, rig).await;
            table.push(vec![
                over.to_owned(),
                inflight.to_string(),
                number(series.rates().and_then(median), 0),
                number(cpu_us(&series), 1),
                number(series.client_rss_kb().map(|kilobytes| kilobytes as f64 / 1024.0), 1),
                number(series.server_rss_kb().map(|kilobytes| kilobytes as f64 / 1024.0), 1),
                series.errors().to_string(),
                number(Some(series.other_cores()), 2),
                apart(&series),
            ]);
            all.push(series);
        }
    }
    let head = [
        "over",
        "in flight",
        "calls/s",
        "CPU µs a call",
        "peak MB client",
        "server",
        "errors",
        "other load, cores",
        APART,
    ];
    (rows(head.map(str::to_owned).into(), table) + &remarks(&all), all.iter().all(Series::is_sound))
}

/// The same.
pub(super) async fn bytes(url: &str, rig: &Rig) -> (String, bool) {
    let (mut table, mut all) = (Vec::new(), Vec::new());
    for (over, url) in [("memory", MEMORY), ("RabbitMQ", url)] {
        for mebibytes in [1, 2, 4, 8] {
            let series = measure(url, 1, mebibytes * MEBIBYTE, rig).await;
            let p50 = series.p50_us().map(|micros| micros / 1000.0);
            table.push(vec![
                over.to_owned(),
                mebibytes.to_string(),
                number(p50, 1),
                number(p50.map(|millis| millis / mebibytes as f64), 1),
                number(cpu_us(&series).map(|micros| micros / 1000.0 / mebibytes as f64), 1),
                series.errors().to_string(),
                number(Some(series.other_cores()), 2),
            ]);
            all.push(series);
        }
    }
    let head = ["over", "MiB each way", "p50 ms", "ms a MiB", "CPU ms a MiB", "errors", "other load, cores"];
    (rows(head.map(str::to_owned).into(), table) + &remarks(&all), all.iter().all(Series::is_sound))
}

async fn measure(url: &str, inflight: usize, size: usize, rig: &Rig) -> Series {
    let contender = Contender::Ours(OursMode::Thread);
    let case = Case { contender, what: What::Call, inflight, size, durable: false, url: url.to_owned() };
    let mut series = Series::new(case);
    for round in 1..=rig.rounds {
        let place = format!("round {round}/{}: {}", rig.rounds, place(&series.case));
        match measure_quietly(&series.case, rig, &place).await {
            Ok(measurement) => series.rounds.push(measurement),
            Err(error) => {
                eprintln!("{place}: FAILED: {error}");
                series.failed.push(format!("round {round}: {error}"));
            }
        }
    }
    series
}

fn cpu_us(series: &Series) -> Option<f64> {
    let of_server = series.server_cpu_per_1000().unwrap_or(0.0);
    Some((series.client_cpu_per_1000()? + of_server) * 1000.0)
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}
