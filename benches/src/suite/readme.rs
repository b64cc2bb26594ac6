//! The part of the README that tells how fast it is: the chart and three sentences.

use std::fs;
use std::path::Path;

use bench_load::What;

use super::bars::Results;
use super::groups::{LAPIN, OURS, PYTHON, UNCONFIRMED};
use super::page::replace;
use crate::error::{Error, Result};
use crate::figures::{Series, median};
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
    let rate = |contender| {
        let series = results.find(contender, What::Call, 64);
        series.and_then(Series::rates).and_then(median)
    };
    let slower = |than| times(rate(than).zip(rate(OURS)).map(|(than, ours)| than / ours));
    format!(
        "![Calls a second of each peer]({out}/calls.svg)\n\n\
         Over RabbitMQ, with requests and replies confirmed, it answers {} the calls of Python's oslo.messaging one at a time and {} \
         with 64 in flight. Against a bare lapin loop with the same guarantees, but without the envelope, exchange and \
         headers of oslo.messaging, it answers {} as many. It loses to what promises less or has no broker: lapin that confirms nothing is {} as fast, tonic, which \
         goes from process to process in one hop and keeps nothing, {}.\n",
        ratio(PYTHON, 1),
        ratio(PYTHON, 64),
        ratio(LAPIN, 64),
        slower(UNCONFIRMED),
        slower(Contender::Framework(Framework::Tonic)),
    )
}

fn times(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "(no result)".to_owned(), |ratio| format!("{ratio:.1} times"))
}
