//! One JSON object a peer and number in flight, a line each.

use serde_json::{Value, json};

use crate::cli::RunOptions;
use crate::error::Result;
use crate::figures::{NOISY_CORES, Series, median};
use crate::measure::Measurement;

pub(crate) fn print(all: &[Series], options: &RunOptions) -> Result<()> {
    for series in all {
        println!("{}", serde_json::to_string(&object(series, options))?);
    }
    Ok(())
}

fn object(series: &Series, options: &RunOptions) -> Value {
    json!({
        "peer": series.contender.name(),
        "rate": series.rates().and_then(median),
        "p50_us": series.p50_us(),
        "p99_us": series.p99_us(),
        "cpu_s_per_1000": {
            "client": series.client_cpu_per_1000(),
            "server": series.server_cpu_per_1000(),
            "broker": series.broker_cpu_per_1000(),
        },
        "rss_kb": { "client": series.client_rss_kb(), "server": series.server_rss_kb() },
        "errors": series.errors(),
        "first_error": series.first_error(),
        "unroutable_ok": series.unroutable_ok(),
        "unroutable": series.unroutable(),
        "waiting": series.waiting(),
        "options": {
            "what": options.what,
            "inflight": series.inflight,
            "size": options.size,
            "seconds": options.seconds,
            "warmup": options.warmup,
            "rounds": options.rounds,
            "workers": options.workers,
            "guarantees": series.contender.guarantees(options.what),
        },
        "rounds": series.rounds.iter().map(round).collect::<Vec<_>>(),
        "failed_rounds": series.failed,
    })
}

fn round(round: &Measurement) -> Value {
    json!({
        "rate": round.client.is_valid().then(|| round.client.rate()),
        "p50_us": round.client.p50_us,
        "p99_us": round.client.p99_us,
        "waiting": round.waiting,
        "other_cores": round.other_cores,
        "noisy": round.other_cores > NOISY_CORES,
    })
}
