//! `bench run`: every peer in turn, round after round, so that ratios compare what ran side by side.

use std::process::ExitCode;

use crate::cli::RunOptions;
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::measure::measure;
use crate::peers::Contender;
use crate::report;

pub(crate) async fn run(options: RunOptions) -> Result<ExitCode> {
    if options.rounds == 0 || options.inflight.contains(&0) {
        return Err(Error::Usage("--rounds and --inflight begin at 1".to_owned()));
    }
    let contenders = Contender::from_options(&options)?;
    let mut all = Vec::new();
    for inflight in &options.inflight {
        all.extend(interleave(&contenders, *inflight, &options).await);
    }
    if options.json {
        report::json::print(&all, &options)?;
    } else {
        report::table::print(&all, &options);
    }
    Ok(if all.iter().all(Series::is_sound) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn interleave(contenders: &[Contender], inflight: usize, options: &RunOptions) -> Vec<Series> {
    let mut series: Vec<Series> =
        contenders.iter().map(|contender| Series::new(*contender, inflight)).collect();
    for round in 1..=options.rounds {
        for (turn, one) in series.iter_mut().enumerate() {
            let place =
                format!("{inflight} in flight, round {round}/{}, {}", options.rounds, one.contender.name());
            let number = (round * contenders.len() + turn) * 10_000 + inflight;
            match measure(one.contender, options, inflight, number).await {
                Ok(measurement) => {
                    eprintln!("{place}: {}", report::round_line(&measurement));
                    one.rounds.push(measurement);
                }
                Err(error) => {
                    eprintln!("{place}: FAILED: {error}");
                    one.failed.push(format!("round {round}: {error}"));
                }
            }
        }
    }
    series
}
