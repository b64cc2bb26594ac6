//! `bench suite`: the whole table, measured in turns, written down with charts. Goes on where it was interrupted.

mod bars;
mod chart;
mod groups;
mod head;
mod page;
mod readme;
mod store;
mod svg;

use std::process::ExitCode;
use std::time::Instant;

use crate::cli::{Rig, SuiteOptions};
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::peers::peers_bin;
use crate::quiet::measure_quietly;
use crate::report;
use groups::Group;
use head::Head;
use store::{Outcome, Store};

pub(crate) async fn run(options: SuiteOptions) -> Result<ExitCode> {
    let rig = options.rig();
    let frameworks = peers_bin(&rig);
    if !frameworks.exists() {
        let text = format!(
            "{} is missing: cargo build --release --manifest-path benches/peers/Cargo.toml, or name it with --peers-bin",
            frameworks.display()
        );
        return Err(Error::Usage(text));
    }
    std::fs::create_dir_all(&options.out)?;
    let groups = groups::all(&options.url);
    let mut store =
        Store::open(&options.out.join("performance.jsonl"), &Head::new(&rig, &options.url)?, options.fresh)?;
    measure_all(&groups, &rig, &mut store).await?;
    let results: Vec<Vec<Series>> = groups.iter().map(|group| store.series(group)).collect();
    page::write(&options, &rig, &groups, &results).await?;
    if let Some(path) = &options.readme {
        readme::write(path, &options.out, &results)?;
    }
    let sound = results.iter().flatten().all(Series::is_sound);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Round after round, and in each the cases of a group one after the other: what is compared ran within the same minute.
async fn measure_all(groups: &[Group], rig: &Rig, store: &mut Store) -> Result<()> {
    let all = rig.rounds * groups.iter().map(|group| group.cases.len()).sum::<usize>();
    let (begun, mut number) = (Instant::now(), 0);
    for round in 1..=rig.rounds {
        for group in groups {
            for case in &group.cases {
                number += 1;
                if store.has(group, case, round) {
                    continue;
                }
                let minutes = begun.elapsed().as_secs() / 60;
                let place = format!("[{number}/{all}, {minutes} min] round {round}: {}", report::place(case));
                let outcome = match measure_quietly(case, rig, &place).await {
                    Ok(measurement) => Outcome::Measured(Box::new(measurement)),
                    Err(error) => {
                        eprintln!("{place}: FAILED: {error}");
                        Outcome::Failed(error.to_string())
                    }
                };
                store.keep(group, case, round, outcome)?;
            }
        }
    }
    Ok(())
}
