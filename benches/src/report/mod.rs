//! The figures for people and for programs. Knows nothing of how they came about.

pub(crate) mod json;
pub(crate) mod table;

use crate::figures::NOISY_CORES;
use crate::measure::Measurement;

/// One round as progress.
pub(crate) fn round_line(round: &Measurement) -> String {
    let client = &round.client;
    let mut line = format!(
        "{:.0}/s, p50 {} µs, p99 {} µs, other load {:.2} cores",
        client.rate(),
        client.p50_us,
        client.p99_us,
        round.other_cores
    );
    if round.other_cores > NOISY_CORES {
        line.push_str(" (noisy)");
    }
    if !client.unroutable_ok() {
        line.push_str(&format!(
            ", INVALID: {} of {} came back as unroutable",
            client.unroutable, client.missing
        ));
    }
    if let Some(error) = &client.first_error {
        line.push_str(&format!(", {} errors, the first: {error}", client.errors));
    }
    line
}
