//! The rounds of one peer at one number in flight, and their medians. A round that failed its check has no rate.

use bench_load::Probes;

use crate::case::Case;
use crate::measure::{Measurement, Use};

/// Cores busy with something else above which a round is marked.
pub(crate) const NOISY_CORES: f64 = 0.3;

pub(crate) struct Series {
    pub(crate) case: Case,
    pub(crate) rounds: Vec<Measurement>,
    /// Rounds that gave no measurement, with the reason.
    pub(crate) failed: Vec<String>,
}

impl Series {
    pub(crate) fn new(case: Case) -> Self {
        Self { case, rounds: Vec::new(), failed: Vec::new() }
    }

    /// Whether every round passed its check; none where there was none.
    pub(crate) fn unroutable_ok(&self) -> Option<bool> {
        let mut checks = self.rounds.iter().filter_map(|round| round.client.unroutable_ok()).peekable();
        checks.peek()?;
        Some(checks.all(|ok| ok))
    }

    /// The messages of all rounds that find no queue; none where no round had such.
    pub(crate) fn unroutable(&self) -> Option<Probes> {
        let rounds = self.rounds.iter().filter_map(|round| round.client.unroutable);
        rounds.reduce(|a, b| Probes { sent: a.sent + b.sent, returned: a.returned + b.returned })
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.rates().is_some() && self.errors() == 0
    }

    /// Most notifications that waited in the queue when a window closed.
    pub(crate) fn waiting(&self) -> Option<u32> {
        self.rounds.iter().filter_map(|round| round.waiting).max()
    }

    /// Failed messages, and rounds and repetitions that gave no measurement.
    pub(crate) fn errors(&self) -> u64 {
        let messages: u64 = self.rounds.iter().map(|round| round.client.errors).sum();
        messages + (self.failed.len() + self.failed_repetitions().count()) as u64
    }

    pub(crate) fn first_error(&self) -> Option<&str> {
        let told = self.rounds.iter().find_map(|round| round.client.first_error.as_deref());
        told.or_else(|| self.failed.first().map(String::as_str)).or_else(|| self.failed_repetitions().next())
    }

    /// Why repetitions gave no measurement.
    pub(crate) fn failed_repetitions(&self) -> impl Iterator<Item = &str> {
        self.rounds.iter().filter_map(|round| round.failed_repetition.as_deref())
    }

    /// The rates of all rounds, or none of them.
    pub(crate) fn rates(&self) -> Option<Vec<f64>> {
        let valid = !self.rounds.is_empty() && self.rounds.iter().all(|round| round.client.is_valid());
        valid.then(|| self.rounds.iter().map(|round| round.client.rate()).collect())
    }

    pub(crate) fn p50_us(&self) -> Option<f64> {
        self.median(|round| Some(round.client.p50_us? as f64))
    }

    pub(crate) fn p99_us(&self) -> Option<f64> {
        self.median(|round| Some(round.client.p99_us? as f64))
    }

    pub(crate) fn client_cpu_per_1000(&self) -> Option<f64> {
        self.per_1000(|round| round.client_use.map(|client| client.cpu))
    }

    pub(crate) fn server_cpu_per_1000(&self) -> Option<f64> {
        self.per_1000(|round| round.server_use.map(|server| server.cpu))
    }

    pub(crate) fn broker_cpu_per_1000(&self) -> Option<f64> {
        self.per_1000(|round| round.broker_cpu)
    }

    pub(crate) fn client_rss_kb(&self) -> Option<u64> {
        self.peak(|round| round.client_use)
    }

    pub(crate) fn server_rss_kb(&self) -> Option<u64> {
        self.peak(|round| round.server_use)
    }

    pub(crate) fn other_cores(&self) -> f64 {
        self.median(|round| Some(round.other_cores)).unwrap_or(0.0)
    }

    /// Measurements that do not count: others disturbed a round, it was measured more than once, and only the quietest does.
    pub(crate) fn set_aside(&self) -> usize {
        self.rounds.iter().map(|round| round.set_aside.len()).sum()
    }

    pub(crate) fn noisy_rounds(&self) -> usize {
        self.rounds.iter().filter(|round| round.other_cores > NOISY_CORES).count()
    }

    fn median(&self, of: impl Fn(&Measurement) -> Option<f64>) -> Option<f64> {
        median(self.rounds.iter().filter_map(of).collect())
    }

    fn per_1000(&self, cpu: impl Fn(&Measurement) -> Option<f64>) -> Option<f64> {
        let done = |round: &Measurement| round.client.done as f64 / 1000.0;
        median(
            self.rounds
                .iter()
                .filter(|round| round.client.done > 0)
                .filter_map(|r| Some(cpu(r)? / done(r)))
                .collect(),
        )
    }

    fn peak(&self, of: impl Fn(&Measurement) -> Option<Use>) -> Option<u64> {
        self.rounds.iter().filter_map(|round| Some(of(round)?.rss_kb)).max()
    }
}

/// The rates of `numerator` over those of `denominator`, round by round; none when either has a round without a rate.
pub(crate) fn ratios(numerator: &Series, denominator: &Series) -> Option<Vec<f64>> {
    ratios_of(numerator, denominator, |round| Some(round.client.rate()))
}

/// The same of anything that a round tells.
pub(crate) fn ratios_of(
    numerator: &Series,
    denominator: &Series,
    of: impl Fn(&Measurement) -> Option<f64>,
) -> Option<Vec<f64>> {
    numerator.rates().and(denominator.rates())?;
    let paired = numerator.failed.is_empty() && denominator.failed.is_empty();
    let pairs = numerator.rounds.iter().zip(&denominator.rounds);
    if paired { pairs.map(|(a, b)| Some(of(a)? / of(b)?)).collect() } else { None }
}

/// CPU seconds of client and server for a message.
pub(crate) fn cpu_of_both(round: &Measurement) -> Option<f64> {
    let cpu = round.client_use?.cpu + round.server_use?.cpu;
    (round.client.done > 0).then(|| cpu / round.client.done as f64)
}

pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use bench_load::What;

    use super::*;
    use crate::cli::LapinMode;
    use crate::peers::Contender;

    fn round(done: u64, sent: u64, returned: u64) -> Measurement {
        let mut round = Measurement::sample(done);
        round.client.unroutable = Some(Probes { sent, returned });
        round
    }

    fn case() -> Case {
        let contender = Contender::Lapin(LapinMode::Equal);
        let url = "rabbit://host".to_owned();
        Case { contender, what: What::Call, inflight: 1, size: 100, durable: false, url }
    }

    fn series(rounds: Vec<Measurement>) -> Series {
        Series { rounds, ..Series::new(case()) }
    }

    #[test]
    fn a_message_that_was_not_returned_costs_the_whole_series_its_rate() {
        assert!(series(vec![round(100, 5, 5), round(100, 5, 5)]).rates().is_some());
        assert!(series(vec![round(100, 5, 5), round(100, 5, 4)]).rates().is_none());
        assert!(
            series(vec![round(100, 0, 0)]).rates().is_none(),
            "a check that was never made is not passed"
        );
    }

    #[test]
    fn a_peer_without_a_check_keeps_its_rate_and_passes_nothing() {
        let mut unchecked = round(100, 0, 0);
        unchecked.client.unroutable = None;
        let series = series(vec![unchecked]);
        assert_eq!((series.rates(), series.unroutable_ok()), (Some(vec![50.0]), None));
    }

    #[test]
    fn a_round_that_gave_no_measurement_is_an_error() {
        let mut series = series(vec![round(100, 1, 1)]);
        assert!(series.is_sound());
        series.failed.push("round 2: no broker".to_owned());
        assert_eq!((series.errors(), series.is_sound()), (1, false));
    }

    #[test]
    fn a_repetition_that_gave_no_measurement_is_an_error_and_costs_no_ratio() {
        let mut series = series(vec![round(100, 1, 1)]);
        series.rounds[0].failed_repetition = Some("no broker".to_owned());
        assert_eq!((series.errors(), series.first_error()), (1, Some("no broker")));
        assert!(!series.is_sound());
        assert_eq!(ratios(&series, &series), Some(vec![1.0]));
    }

    #[test]
    fn ratios_compare_the_same_rounds() {
        let ours = series(vec![round(100, 1, 1), round(300, 1, 1)]);
        let theirs = series(vec![round(200, 1, 1), round(100, 1, 1)]);
        assert_eq!(ratios(&ours, &theirs), Some(vec![0.5, 3.0]));
    }

    #[test]
    fn cpu_is_told_for_a_thousand_messages() {
        assert_eq!(series(vec![round(500, 1, 1)]).client_cpu_per_1000(), Some(2.0));
        assert_eq!(series(vec![round(0, 1, 1)]).client_cpu_per_1000(), None);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![5.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(Vec::new()), None);
    }
}
