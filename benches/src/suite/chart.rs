//! The two charts: calls a second of each peer, and latency by the number in flight.

use bench_load::What;

use super::bars::Results;
use super::groups::{LAPIN, OURS, PYTHON};
use super::svg::{Colour, Svg};
use crate::figures::{Series, median};
use crate::peers::Contender;

const WIDTH: u32 = 760;

/// Bars of the calls a second with 64 in flight, fastest first: those over RabbitMQ, then those without. The longest bar of each has the
/// whole width, as the second are several times as fast.
pub(super) fn rates(results: &Results<'_>) -> String {
    let over = |broker: bool| {
        let of = Contender::ALL.iter().filter_map(|one| results.find(*one, What::Call, 64));
        let mut bars: Vec<_> = of
            .filter(|series| series.case.has_broker() == broker)
            .filter_map(|series| {
                Some((series.case.contender.name().to_owned(), colour(series), rate(series)?))
            })
            .collect();
        if !broker && let Some(rate) = results.in_memory(64).and_then(rate) {
            bars.push(("ours, memory://".to_owned(), Colour::Ours, rate));
        }
        bars.sort_by(|a, b| b.2.total_cmp(&a.2));
        bars
    };
    let sections =
        [("over RabbitMQ, two processes and the broker", over(true)), ("without RabbitMQ", over(false))];
    let rows: usize = sections.iter().map(|(_, bars)| bars.len() + 1).sum();
    let mut svg = Svg::new(WIDTH, 60 + 26 * rows as u32, "Calls of 100 B a second, 64 in flight");
    svg.words(f64::from(WIDTH) - 20.0, 30.0, "small", "end", "bars are to scale within a section");
    let mut y = 60.0;
    for (title, bars) in sections {
        svg.words(20.0, y, "small", "start", title);
        let most = bars.iter().map(|bar| bar.2).fold(1.0, f64::max);
        for (name, colour, rate) in bars {
            y += 26.0;
            let width = 440.0 * rate / most;
            svg.words(190.0, y, "", "end", &name);
            svg.bar(200.0, y - 13.0, width, 17.0, colour);
            svg.words(208.0 + width, y, "", "start", &format!("{rate:.0}"));
        }
        y += 26.0;
    }
    svg.finish()
}

/// p50 as lines and p99 as dashes, both axes logarithmic.
pub(super) fn latencies(results: &Results<'_>) -> String {
    const INFLIGHT: [usize; 5] = [1, 8, 64, 512, 4096];
    const LEAST_US: f64 = 100.0;
    let (left, right, top, bottom) = (70.0, 600.0, 60.0, 330.0);
    let x = |inflight: usize| left + (right - left) * (inflight as f64).ln() / 4096_f64.ln();
    let y = |micros: f64| bottom - (bottom - top) * (micros.max(LEAST_US) / LEAST_US).log10() / 4.0;
    let mut svg = Svg::new(WIDTH, 380, "Latency of calls of 100 B by calls in flight");
    for inflight in INFLIGHT {
        svg.grid(x(inflight), top, x(inflight), bottom);
        svg.words(x(inflight), bottom + 18.0, "small", "middle", &inflight.to_string());
    }
    for (micros, label) in [(1e2, "0.1 ms"), (1e3, "1 ms"), (1e4, "10 ms"), (1e5, "0.1 s"), (1e6, "1 s")] {
        svg.grid(left, y(micros), right, y(micros));
        svg.words(left - 8.0, y(micros) + 4.0, "small", "end", label);
    }
    svg.words(f64::midpoint(left, right), bottom + 38.0, "small", "middle", "in flight");
    let mut label_at = top;
    for contender in [OURS, LAPIN, PYTHON] {
        let series: Vec<&Series> =
            INFLIGHT.iter().filter_map(|inflight| results.find(contender, What::Call, *inflight)).collect();
        let Some(first) = series.first() else { continue };
        let line = |of: fn(&Series) -> Option<f64>| -> Vec<(f64, f64)> {
            series.iter().filter_map(|one| Some((x(one.case.inflight), y(of(one)?)))).collect()
        };
        let colour = colour(first);
        svg.line(&line(Series::p50_us), colour, false);
        svg.line(&line(Series::p99_us), colour, true);
        svg.line(&[(right + 20.0, label_at - 4.0), (right + 45.0, label_at - 4.0)], colour, false);
        svg.words(right + 52.0, label_at, "", "start", contender.name());
        label_at += 22.0;
    }
    svg.words(right + 20.0, label_at + 6.0, "small", "start", "line p50, dashes p99");
    svg.finish()
}

fn rate(series: &Series) -> Option<f64> {
    median(series.rates()?)
}

fn colour(series: &Series) -> Colour {
    match series.case.contender {
        Contender::Ours(_) => Colour::Ours,
        Contender::Python => Colour::Python,
        Contender::Lapin(_) | Contender::Framework(_) => Colour::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_says_what_its_bars_are_to_scale_with() {
        assert!(rates(&Results(&[])).contains(">bars are to scale within a section<"));
    }
}
