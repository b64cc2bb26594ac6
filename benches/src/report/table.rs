//! Markdown tables, readable in a terminal and ready to be kept.

use crate::cli::{RunOptions, What};
use crate::figures::{NOISY_CORES, Series, median, ratios};

const HEAD: [&str; 12] = [
    "in flight",
    "peer",
    "per second min/median/max",
    "p50 µs",
    "p99 µs",
    "CPU s/1000 client",
    "server",
    "broker",
    "peak RSS MB client",
    "server",
    "unroutable",
    "other load, cores",
];

pub(crate) fn print(all: &[Series], options: &RunOptions) {
    println!(
        "\n{} of {} B, {} s a round after {} s of warm-up, {} round(s); {} worker threads a Rust process\n",
        options.what.counted(),
        options.size,
        options.seconds,
        options.warmup,
        options.rounds,
        options.workers
    );
    print_rows(HEAD.map(str::to_owned).into(), all.iter().map(row).collect());
    let compared = compare(all);
    if !compared.is_empty() {
        println!("\nRatios of rates, round by round:\n");
        let head = ["in flight", "of", "rounds", "median"].map(str::to_owned).into();
        print_rows(head, compared);
    }
    for series in all {
        print_remarks(series, options.what);
    }
}

fn row(series: &Series) -> Vec<String> {
    vec![
        series.inflight.to_string(),
        series.contender.name().to_owned(),
        series.rates().map_or_else(|| "no result".to_owned(), spread),
        micros(series.p50_us()),
        micros(series.p99_us()),
        cpu(series.client_cpu_per_1000()),
        cpu(series.server_cpu_per_1000()),
        cpu(series.broker_cpu_per_1000()),
        megabytes(series.client_rss_kb()),
        megabytes(series.server_rss_kb()),
        series.unroutable().map_or_else(absent, |probes| format!("{}/{}", probes.returned, probes.sent)),
        format!("{:.2}", series.other_cores()),
    ]
}

/// The first peer over each of the others at the same number in flight.
fn compare(all: &[Series]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (place, first) in all.iter().enumerate() {
        if place > 0 && all[place - 1].inflight == first.inflight {
            continue;
        }
        for other in all[place + 1..].iter().take_while(|other| other.inflight == first.inflight) {
            let Some(ratios) = ratios(first, other) else { continue };
            let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
            rows.push(vec![
                first.inflight.to_string(),
                format!("{} / {}", first.contender.name(), other.contender.name()),
                each.join(" "),
                median(ratios).map_or_else(String::new, |median| format!("{median:.2}")),
            ]);
        }
    }
    rows
}

fn print_remarks(series: &Series, what: What) {
    let place = format!("{} at {} in flight", series.contender.name(), series.inflight);
    if series.noisy_rounds() > 0 {
        println!(
            "\n{place}: {} round(s) with more than {NOISY_CORES} cores of other load.",
            series.noisy_rounds()
        );
    }
    if let (What::Notify, Some(waiting)) = (what, series.waiting()) {
        println!("\n{place}: at most {waiting} notifications waited in the queue when a window closed.");
    }
    if series.errors() > 0 {
        println!(
            "\n{place}: {} errors, the first: {}",
            series.errors(),
            series.first_error().unwrap_or("not told")
        );
    }
    for reason in &series.failed {
        println!("\n{place}: no measurement in {reason}");
    }
}

fn print_rows(head: Vec<String>, rows: Vec<Vec<String>>) {
    let rule = head.iter().map(|_| "---".to_owned()).collect();
    for row in [head, rule].into_iter().chain(rows) {
        println!("| {} |", row.join(" | "));
    }
}

fn spread(rates: Vec<f64>) -> String {
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rates.iter().copied().fold(0.0, f64::max);
    format!("{least:.0}/{:.0}/{most:.0}", median(rates).unwrap_or(0.0))
}

fn cpu(seconds: Option<f64>) -> String {
    seconds.map_or_else(absent, |seconds| format!("{seconds:.4}"))
}

fn micros(micros: Option<f64>) -> String {
    micros.map_or_else(absent, |micros| format!("{micros:.0}"))
}

fn megabytes(kilobytes: Option<u64>) -> String {
    kilobytes.map_or_else(absent, |kilobytes| format!("{:.1}", kilobytes as f64 / 1024.0))
}

fn absent() -> String {
    "-".to_owned()
}
