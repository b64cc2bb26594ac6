//! The bars that the project has set itself, and whether the figures reach them.

use bench_load::What;

use super::groups::{
    LAPIN, OURS, OURS_IN_RUNTIME, OURS_UNCONFIRMED, PYTHON, REPLIES_UNACKED, TARPC, TUNED, TUNED_IN_RUNTIME,
};
use crate::figures::{Series, cpu_of_both, median, ratios, ratios_of};
use crate::peers::Contender;
use crate::report::table::rows;

/// All that was measured.
pub(super) struct Results<'a>(pub(super) &'a [Vec<Series>]);

impl Results<'_> {
    /// A series of 100 B over RabbitMQ with transient queues, or of a framework.
    pub(super) fn find(&self, contender: Contender, what: What, inflight: usize) -> Option<&Series> {
        self.series(contender, what, inflight, 100, false)
    }

    pub(super) fn in_memory(&self, inflight: usize) -> Option<&Series> {
        self.series(OURS, What::Call, inflight, 100, true)
    }

    fn series(
        &self,
        contender: Contender,
        what: What,
        inflight: usize,
        size: usize,
        memory: bool,
    ) -> Option<&Series> {
        self.0.iter().flatten().find(|series| {
            let case = &series.case;
            (case.contender, case.what, case.inflight) == (contender, what, inflight)
                && (case.size, case.durable, case.is_in_process()) == (size, false, memory)
        })
    }

    /// The median of the ratios of rates, round by round.
    pub(super) fn ratio(&self, of: Contender, to: Contender, what: What, inflight: usize) -> Option<f64> {
        median(ratios(self.find(of, what, inflight)?, self.find(to, what, inflight)?)?)
    }

    /// The same of calls with bodies of another size, 64 in flight.
    pub(super) fn ratio_of_size(&self, of: Contender, to: Contender, size: usize) -> Option<f64> {
        let series = |contender| self.series(contender, What::Call, 64, size, false);
        median(ratios(series(of)?, series(to)?)?)
    }
}

enum Bar {
    /// There is none: told beside the others.
    Beside,
    AtLeast(f64),
    AtMost(f64),
}

pub(super) fn table(results: &Results<'_>) -> String {
    use Bar::{AtLeast, AtMost, Beside};
    let ratio = |of, to, what, inflight| results.ratio(of, to, what, inflight);
    let calls = |to, inflight| ratio(OURS, to, What::Call, inflight);
    let unconfirmed = |inflight| ratio(OURS_UNCONFIRMED, PYTHON, What::Call, inflight);
    let (ours, lapin) = (results.find(OURS, What::Call, 64), results.find(LAPIN, What::Call, 64));
    let both = ours.zip(lapin);
    let cpu = both.and_then(|(ours, lapin)| median(ratios_of(ours, lapin, cpu_of_both)?));
    let p99 = both
        .and_then(|(ours, lapin)| median(ratios_of(ours, lapin, |round| Some(round.client.p99_us? as f64))?));
    let megabytes = |kilobytes: Option<u64>| Some(kilobytes? as f64 / 1024.0);
    let tarpc = results.in_memory(64).zip(results.find(TARPC, What::Call, 64));
    let in_runtime = ratio(OURS_IN_RUNTIME, TUNED_IN_RUNTIME, What::Call, 64);
    let bars = [
        ("calls, 64 in flight, against `lapin`", calls(LAPIN, 64), AtLeast(1.0)),
        ("the same against `lapin-replies-unacked`, which promises less", calls(REPLIES_UNACKED, 64), Beside),
        ("calls, 64 in flight, against `lapin-tuned`", calls(TUNED, 64), AtLeast(0.9)),
        ("the same with the I/O in the callers' runtime on both sides", in_runtime, AtLeast(0.9)),
        ("CPU of client and server a call, 64 in flight, against `lapin`", cpu, AtMost(1.1)),
        ("calls, 1 in flight, against Python", calls(PYTHON, 1), AtLeast(3.5)),
        ("calls, 8 in flight, against Python", calls(PYTHON, 8), AtLeast(11.0)),
        ("calls, 32 in flight, against Python", calls(PYTHON, 32), AtLeast(20.0)),
        ("the same with our requests unconfirmed, 1 in flight", unconfirmed(1), AtLeast(4.0)),
        ("the same, 8 in flight", unconfirmed(8), AtLeast(13.0)),
        ("the same, 32 in flight", unconfirmed(32), AtLeast(23.0)),
        ("casts, 64 in flight, against Python", ratio(OURS, PYTHON, What::Cast, 64), AtLeast(8.0)),
        (
            "notifications sent, 64 in flight, against Python",
            ratio(OURS, PYTHON, What::Notify, 64),
            AtLeast(8.0),
        ),
        ("p99 of calls, 64 in flight, against `lapin`", p99, AtMost(1.2)),
        ("peak memory of a client, MB", ours.and_then(|ours| megabytes(ours.client_rss_kb())), AtMost(25.0)),
        ("peak memory of a server, MB", ours.and_then(|ours| megabytes(ours.server_rss_kb())), AtMost(25.0)),
        (
            "calls in memory, 64 in flight, against tarpc over TCP with JSON",
            tarpc.and_then(|(ours, tarpc)| median(ratios(ours, tarpc)?)),
            AtLeast(2.0),
        ),
    ];
    let head = ["over RabbitMQ, 100 B, median of the rounds", "bar", "measured", ""].map(str::to_owned);
    rows(head.into(), bars.into_iter().map(|(what, measured, bar)| row(what, measured, &bar)).collect())
}

fn row(what: &str, measured: Option<f64>, bar: &Bar) -> Vec<String> {
    let (bar, reached) = match bar {
        Bar::Beside => ("-".to_owned(), None),
        Bar::AtLeast(least) => (format!("≥ {least}"), measured.map(|measured| measured >= *least)),
        Bar::AtMost(most) => (format!("≤ {most}"), measured.map(|measured| measured <= *most)),
    };
    let verdict = match (reached, measured) {
        (Some(true), _) => "reached",
        (Some(false), _) => "**not reached**",
        (None, Some(_)) => "",
        (None, None) => "no result",
    };
    let measured = measured.map_or_else(|| "-".to_owned(), |measured| format!("{measured:.2}"));
    vec![what.to_owned(), bar, measured, verdict.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_reached_missed_or_not_measured() {
        let verdict = |measured, bar| row("x", measured, &bar)[3].clone();
        assert_eq!(verdict(Some(1.0), Bar::AtLeast(1.0)), "reached");
        assert_eq!(verdict(Some(0.99), Bar::AtLeast(1.0)), "**not reached**");
        assert_eq!(verdict(Some(1.3), Bar::AtMost(1.2)), "**not reached**");
        assert_eq!(verdict(None, Bar::AtMost(1.2)), "no result");
        assert_eq!(verdict(Some(1.0), Bar::Beside), "");
    }
}
