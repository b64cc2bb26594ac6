//! One JSON object a peer and number in flight, a line each.

use serde_json::{Value, json};

use crate::cli::Rig;
use crate::error::Result;
use crate::figures::{NOISY_CORES, Series, median};
use crate::measure::Measurement;
use crate::peers::Framework;

pub(crate) fn print(all: &[Series], rig: &Rig) -> Result<()> {
    for series in all {
        println!("{}", serde_json::to_string(&object(series, rig))?);
    }
    Ok(())
}

fn object(series: &Series, rig: &Rig) -> Value {
    json!({
        "peer": series.case.contender.name(),
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
            "what": series.case.what,
            "over": if series.case.is_in_process() { "memory" } else { series.case.framework().map_or("rabbitmq", Framework::name) },
            "durable": series.case.durable,
            "inflight": series.case.inflight,
            "size": series.case.size,
            "seconds": rig.seconds,
            "warmup": rig.warmup,
            "rounds": rig.rounds,
            "repeats": rig.tools.repeats,
            "workers": rig.tools.workers,
            "fill": rig.tools.fill,
            "broker_pid": rig.tools.broker_pid,
            "guarantees": series.case.contender.guarantees(series.case.what),
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
        "set_aside": round.set_aside,
        "failed_repetition": round.failed_repetition,
        "processors_apart_ns": round.processors_apart_ns,
    })
}
