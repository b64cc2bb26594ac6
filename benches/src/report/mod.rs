//! The figures for people and for programs. Knows nothing of how they came about.

pub(crate) mod json;
pub(crate) mod table;

use crate::case::Case;
use crate::figures::NOISY_CORES;
use crate::measure::Measurement;
use bench_load::{ClientResult, Probes};

/// A case in a few words.
pub(crate) fn place(case: &Case) -> String {
    let durable = if case.durable { " durable," } else { "" };
    let over = if case.is_in_process() { " in memory," } else { "" };
    format!(
        "{},{over}{durable} {} B, {} in flight, {}",
        case.what.name(),
        case.size,
        case.inflight,
        case.contender.name()
    )
}

/// One round as progress.
pub(crate) fn round_line(round: &Measurement) -> String {
    let client = &round.client;
    let mut line =
        format!("{:.0}/s{}, other load {:.2} cores", client.rate(), latency(client), round.other_cores);
    if round.other_cores > NOISY_CORES {
        line.push_str(" (noisy)");
    }
    if let (false, Some(Probes { sent, returned })) = (client.is_valid(), client.unroutable) {
        line.push_str(&format!(", INVALID: {returned} of {sent} came back as unroutable"));
    }
    if let Some(waiting) = round.waiting {
        line.push_str(&format!(", {waiting} left in the queue"));
    }
    if let Some(error) = &client.first_error {
        line.push_str(&format!(", {} errors, the first: {error}", client.errors));
    }
    line
}

fn latency(client: &ClientResult) -> String {
    match (client.p50_us, client.p99_us) {
        (Some(p50), Some(p99)) => format!(", p50 {p50} µs, p99 {p99} µs"),
        _ => String::new(),
    }
}
