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

/// Those that promise less or have no broker: first the ones that it loses to.
fn of_less(results: &Results<'_>) -> String {
    let others = [
        (REPLIES_UNACKED, "lapin that confirms all but leaves replies unacknowledged"),
        (UNCONFIRMED, "lapin that confirms nothing"),
        (
            Contender::Framework(Framework::Tonic),
            "tonic, which goes from process to process in one hop and keeps nothing,",
        ),
    ];
    let (mut ahead, mut behind) = (Vec::new(), Vec::new());
    for (contender, name) in others {
        let ratio = results.ratio(contender, OURS, What::Call, 64);
        let list = if ratio.is_some_and(|ratio| ratio < 1.0) { &mut behind } else { &mut ahead };
        list.push(format!("{name} is {} as fast", times(ratio)));
    }
    let sentence = |beginning: &str, list: &[String]| match list {
        [] => String::new(),
        list => format!(" {beginning} {}.", list.join(", ")),
    };
    sentence("It loses to what promises less or has no broker:", &ahead)
        + &sentence("Though it promises less,", &behind)
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

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_as_in_the_tables() {
        let series = |contender, done: [u64; 3]| {
            let url = "rabbit://host".to_owned();
            let case = Case { contender, what: What::Call, inflight: 64, size: 100, durable: false, url };
            Series { rounds: done.map(Measurement::sample).into(), ..Series::new(case) }
        };
        // Round by round 5, 1 and 2 times; the medians alone are 5 times apart.
        let results = [vec![series(OURS, [100, 500, 100]), series(UNCONFIRMED, [500, 500, 200])]];
        let text = text(&Results(&results), "docs/results");
        assert!(text.contains("confirms nothing is 2.0 times as fast"), "{text}");
    }

    #[test]
    fn what_promises_less_and_is_slower_is_none_that_it_loses_to() {
        let series = |contender, done: u64| {
            let url = "rabbit://host".to_owned();
            let case = Case { contender, what: What::Call, inflight: 64, size: 100, durable: false, url };
            Series { rounds: vec![Measurement::sample(done)], ..Series::new(case) }
        };
        let results = [vec![series(OURS, 100), series(UNCONFIRMED, 130), series(REPLIES_UNACKED, 80)]];
        let text = of_less(&Results(&results));
        let (loses, less) = text.split_once("Though it promises less, ").unwrap();
        assert!(loses.contains("confirms nothing is 1.30 times"), "{text}");
        assert_eq!(less, "lapin that confirms all but leaves replies unacknowledged is 0.80 times as fast.");
    }
}
