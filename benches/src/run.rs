//! `bench run`: every peer in turn, round after round, so that ratios compare what ran side by side.

use std::process::ExitCode;

use crate::case::Case;
use crate::cli::{Rig, RunOptions};
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::quiet::measure_quietly;
use crate::report;

pub(crate) async fn run(options: RunOptions) -> Result<ExitCode> {
    let rig = options.rig();
    if rig.rounds == 0 {
        return Err(Error::Usage("--rounds begins at 1".to_owned()));
    }
    let mut all = Vec::new();
    for group in Case::groups(&options)? {
        all.extend(interleave(group, &rig).await);
    }
    if options.json {
        report::json::print(&all, &rig)?;
    } else {
        report::table::print(&all, &rig);
    }
    Ok(if all.iter().all(Series::is_sound) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn interleave(group: Vec<Case>, rig: &Rig) -> Vec<Series> {
    let mut series: Vec<Series> = group.into_iter().map(Series::new).collect();
    for round in 1..=rig.rounds {
        for one in &mut series {
            let place = format!("{}, round {round}/{}", report::place(&one.case), rig.rounds);
            match measure_quietly(&one.case, rig, &place).await {
                Ok(measurement) => one.rounds.push(measurement),
                Err(error) => {
                    eprintln!("{place}: FAILED: {error}");
                    one.failed.push(format!("round {round}: {error}"));
                }
            }
        }
    }
    series
}
