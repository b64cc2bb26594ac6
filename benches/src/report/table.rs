//! Markdown tables, readable in a terminal and ready to be kept.

use bench_load::What;

use crate::cli::Rig;
use crate::figures::{NOISY_CORES, Series, median, ratios};

const HEAD: [&str; 13] = [
    "B",
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

/// Only where it was measured.
pub(crate) const APART: &str = "processors apart, ns by round";

pub(crate) fn print(all: &[Series], rig: &Rig) {
    let Some(first) = all.first() else { return };
    println!(
        "\n{}, {} s a round after {} s of warm-up, {} round(s); {} worker threads a Rust process\n",
        first.case.what.counted(),
        rig.seconds,
        rig.warmup,
        rig.rounds,
        rig.tools.workers
    );
    print!("{}", tables(all));
}

/// What was measured, the ratios, and what has to be said about them.
pub(crate) fn tables(all: &[Series]) -> String {
    let mut text = figures(all);
    let compared = compare(all);
    if !compared.is_empty() {
        text.push_str("\nRatios of rates, round by round:\n\n");
        let head = ["B", "in flight", "of", "rounds", "median"].map(str::to_owned).into();
        text.push_str(&rows(head, compared));
    }
    text + &remarks(all)
}

/// What has to be said of series, a paragraph each.
pub(crate) fn remarks(all: &[Series]) -> String {
    all.iter().flat_map(remarks_on).map(|remark| format!("\n{remark}\n")).collect()
}

fn figures(all: &[Series]) -> String {
    let (mut head, mut table): (Vec<_>, Vec<_>) =
        (HEAD.map(str::to_owned).into(), all.iter().map(row).collect());
    if all.iter().flat_map(|series| &series.rounds).any(|round| round.processors_apart_ns.is_some()) {
        head.push(APART.to_owned());
        table.iter_mut().zip(all).for_each(|(row, series)| row.push(apart(series)));
    }
    rows(head, table)
}

fn row(series: &Series) -> Vec<String> {
    vec![
        series.case.size.to_string(),
        series.case.inflight.to_string(),
        series.case.contender.name().to_owned(),
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

/// How far the processors were apart before each round, in the order of the rounds, as that of the ratios.
pub(crate) fn apart(series: &Series) -> String {
    let each = series.rounds.iter().map(|round| round.processors_apart_ns);
    if each.clone().all(|one| one.is_none()) {
        return absent();
    }
    each.map(|one| one.map_or_else(absent, |nanos| format!("{nanos:.0}"))).collect::<Vec<_>>().join(" ")
}

/// The first peer over each of the others at the same size and number in flight.
fn compare(all: &[Series]) -> Vec<Vec<String>> {
    let mut compared = Vec::new();
    for group in all.chunk_by(|a, b| (a.case.size, a.case.inflight) == (b.case.size, b.case.inflight)) {
        let Some((first, others)) = group.split_first() else { continue };
        for other in others {
            let Some(ratios) = ratios(first, other) else { continue };
            let each: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
            compared.push(vec![
                first.case.size.to_string(),
                first.case.inflight.to_string(),
                format!("{} / {}", first.case.contender.name(), other.case.contender.name()),
                each.join(" "),
                median(ratios).map_or_else(String::new, |median| format!("{median:.2}")),
            ]);
        }
    }
    compared
}

fn remarks_on(series: &Series) -> Vec<String> {
    let place = super::place(&series.case);
    let mut remarks = Vec::new();
    if series.noisy_rounds() > 0 {
        let (noisy, all) = (series.noisy_rounds(), series.rounds.len());
        remarks.push(format!(
            "{place}: {noisy} of {all} rounds with more than {NOISY_CORES} cores of other load."
        ));
    }
    if series.set_aside() > 0 {
        let aside: Vec<String> = series
            .rounds
            .iter()
            .flat_map(|round| &round.set_aside)
            .map(|one| format!("{:.0} ({:.2})", one.rate, one.other_cores))
            .collect();
        remarks.push(format!(
            "{place}: other measurements of the same rounds, set aside, as rate (cores of other load): {}.",
            aside.join(", ")
        ));
    }
    if let (What::Notify, Some(waiting)) = (series.case.what, series.waiting()) {
        remarks.push(format!(
            "{place}: at most {waiting} notifications waited in the queue when a window closed."
        ));
    }
    if series.errors() > 0 {
        let first = series.first_error().unwrap_or("not told");
        remarks.push(format!("{place}: {} errors, the first: {first}", series.errors()));
    }
    remarks.extend(series.failed.iter().map(|reason| format!("{place}: no measurement in {reason}")));
    remarks.extend(
        series.failed_repetitions().map(|reason| format!("{place}: no measurement when repeated: {reason}")),
    );
    remarks
}

/// A table in Markdown.
pub(crate) fn rows(head: Vec<String>, rows: Vec<Vec<String>>) -> String {
    let rule = head.iter().map(|_| "---".to_owned()).collect();
    [head, rule].into_iter().chain(rows).map(|row| format!("| {} |\n", row.join(" | "))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::cli::OursMode;
    use crate::measure::Measurement;
    use crate::peers::Contender;

    fn series(url: &str, rounds: Vec<Measurement>) -> Series {
        let (contender, url) = (Contender::Ours(OursMode::Thread), url.to_owned());
        let case = Case { contender, what: What::Call, inflight: 1, size: 100, durable: false, url };
        Series { rounds, ..Series::new(case) }
    }

    #[test]
    fn each_round_has_the_distance_of_its_processors_beside_it() {
        let round = |processors_apart_ns| Measurement { processors_apart_ns, ..Measurement::sample(100) };
        let memory = series("memory://bench", [Some(70.4), None, Some(352.0)].map(round).into());
        let text = tables(&[memory]);
        assert!(
            text.contains("processors apart, ns by round |\n") && text.contains("| 70 - 352 |\n"),
            "{text}"
        );
        let broker = series("rabbit://host", vec![Measurement::sample(100)]);
        assert!(!tables(&[broker]).contains("processors apart"));
    }
}
