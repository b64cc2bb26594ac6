//! The part of the README that tells how fast it is: the chart and three sentences.

use std::fs;
use std::path::Path;

use bench_load::What;

use super::bars::Results;
use super::groups::{LAPIN, OURS, PYTHON, REPLIES_UNACKED, UNCONFIRMED};
use super::page::replace;
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::peers::{Contender, Framework};

const BEGIN: &str = "<!-- performance:begin -->\n";
const END: &str = "<!-- performance:end -->\n";

pub(super) fn write(path: &Path, out: &Path, results: &[Vec<Series>]) -> Result<()> {
    let page = fs::read_to_string(path)?;
    let text = text(&Results(results), &out.to_string_lossy());
    let page = replace(&page, BEGIN, END, &text)
        .ok_or_else(|| Error::Usage(format!("{} has no {BEGIN}", path.display())))?;
    Ok(fs::write(path, page)?)
}

fn text(results: &Results<'_>, out: &str) -> String {
    let out = out.trim_end_matches('/');
    let ratio = |to, inflight| times(results.ratio(OURS, to, What::Call, inflight));
    format!(
        "![Calls a second of each peer]({out}/calls.svg)\n\n\
         Over RabbitMQ, with requests and replies confirmed, it answers {} the calls of Python's oslo.messaging one at a time and {} \
         with 64 in flight. Against a bare lapin loop with the same guarantees, but without the envelope, exchange and \
         headers of oslo.messaging, it answers {} as many; with bodies of 64 KiB {}, of 1 MiB {}, for they are JSON within JSON, which takes longer to write and to read.{}\n",
        ratio(PYTHON, 1),
        ratio(PYTHON, 64),
        ratio(LAPIN, 64),
        times(results.ratio_of_size(OURS, LAPIN, 65_536)),
        times(results.ratio_of_size(OURS, LAPIN, 1_048_576)),
        of_less(results),
    )
}

/// Those that promise less or have no broker, as far as it loses to them.
fn of_less(results: &Results<'_>) -> String {
    let others = [
        (REPLIES_UNACKED, "lapin that confirms all but leaves replies unacknowledged"),
        (UNCONFIRMED, "lapin that confirms nothing"),
        (
            Contender::Framework(Framework::Tonic),
            "tonic, which goes from process to process in one hop and keeps nothing,",
        ),
    ];
    let ratios = others.map(|(contender, name)| (results.ratio(contender, OURS, What::Call, 64), name));
    let ahead = ratios.iter().filter(|(ratio, _)| ratio.is_none_or(|ratio| ratio > 1.0));
    let ahead: Vec<_> = ahead.map(|(ratio, name)| format!("{name} is {} as fast", times(*ratio))).collect();
    match &ahead[..] {
        [] => String::new(),
        ahead => format!(" It loses to what promises less or has no broker: {}.", ahead.join(", ")),
    }
}

fn times(ratio: Option<f64>) -> String {
    match ratio {
        None => "(no result)".to_owned(),
        // Near one, a tenth hides who is ahead.
        Some(ratio) if ratio < 2.0 => format!("{ratio:.2} times"),
        Some(ratio) => format!("{ratio:.1} times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::measure::Measurement;

    fn series(contender: Contender, done: &[u64]) -> Series {
        let url = "rabbit://host".to_owned();
        let case = Case { contender, what: What::Call, inflight: 64, size: 100, durable: false, url };
        Series { rounds: done.iter().map(|done| Measurement::sample(*done)).collect(), ..Series::new(case) }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_as_in_the_tables() {
        // Round by round 5, 1 and 2 times; the medians alone are 5 times apart.
        let results = [vec![series(OURS, &[100, 500, 100]), series(UNCONFIRMED, &[500, 500, 200])]];
        let text = text(&Results(&results), "docs/results");
        assert!(text.contains("confirms nothing is 2.0 times as fast"), "{text}");
    }

    #[test]
    fn what_promises_less_and_is_slower_is_none_that_it_loses_to() {
        let results = [vec![
            series(OURS, &[100]),
            series(UNCONFIRMED, &[130]),
            series(REPLIES_UNACKED, &[80]),
            series(Contender::Framework(Framework::Tonic), &[90]),
        ]];
        let text = of_less(&Results(&results));
        assert!(text.ends_with("no broker: lapin that confirms nothing is 1.30 times as fast."), "{text}");
    }
}
