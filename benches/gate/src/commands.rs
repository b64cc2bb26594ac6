//! What a user asks for: compare, write down, explain.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::baseline::{Baseline, Entry, KEPT};
use crate::callgrind;
use crate::compare::{Tolerance, Verdict, judge};
use crate::conditions::Conditions;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::{report, scenarios};

/// Compares every scenario with the baseline at `path`.
pub(crate) fn check(path: &Path) -> Result<ExitCode> {
    let baseline = Baseline::read(path)?;
    let tolerance = tolerance(&baseline)?;
    let folder = folder()?;
    let mut verdicts = Vec::new();
    print!("{}", report::heading());
    for scenario in scenarios::all() {
        let then = &baseline.entry(&scenario.name)?.counts;
        let now = callgrind::count(&scenario, &folder)?.counts;
        let verdict = judge(then, &now, tolerance);
        println!("{}", report::row(&scenario.name, then, &now, verdict));
        if !verdict.is_same() {
            verdicts.push((scenario.name, verdict));
        }
    }
    for (verdict, advice) in [(Verdict::Worse, WORSE), (Verdict::Better, BETTER)] {
        let names: Vec<&str> =
            verdicts.iter().filter(|(_, it)| *it == verdict).map(|(name, _)| name.as_str()).collect();
        if !names.is_empty() {
            println!("\n{}\n{advice}", names.join(", "));
        }
    }
    Ok(if verdicts.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

const WORSE: &str = "cost more than their baseline. `cargo run --profile gate -p gate -- explain SCENARIO` shows where. If it is \
                     worth it, write the new counts down with `bless` instead, and say why in the commit.";

const BETTER: &str = "cost less than their baseline, which would hide the next loss. Write the new counts down: \
                      `cargo run --profile gate -p gate -- bless`.";

/// Counts every scenario and writes the baseline at `path`.
pub(crate) fn bless(path: &Path) -> Result<ExitCode> {
    let folder = folder()?;
    let mut entries = BTreeMap::new();
    for scenario in scenarios::all() {
        let counted = callgrind::count(&scenario, &folder)?;
        println!("{:<27}{:>14} instructions", scenario.name, counted.counts.instructions);
        entries.insert(scenario.name, Entry::new(&counted));
    }
    Baseline { conditions: Conditions::here()?, scenarios: entries }.write(path)?;
    println!("written: {}", path.display());
    Ok(ExitCode::SUCCESS)
}

/// Shows the functions of one scenario beside the baseline's.
pub(crate) fn explain(path: &Path, name: &str) -> Result<ExitCode> {
    let scenario = scenarios::named(name)?;
    let baseline = Baseline::read(path)?;
    let then = baseline.entry(name)?;
    let tolerance = tolerance(&baseline)?;
    let now = callgrind::count(&scenario, &folder()?)?;
    let verdict = judge(&then.counts, &now.counts, tolerance);
    println!("{}{}\n", report::heading(), report::row(name, &then.counts, &now.counts, verdict));
    let least = (then.counts.instructions as f64 * KEPT).trunc();
    let functions =
        |profile: &Profile| profile.iter().map(|(name, own)| (name.clone(), *own as f64)).collect();
    let (before, after) = (functions(&then.functions), functions(&now.functions));
    println!("{}", report::functions("instructions of the function itself", &before, &after, least));
    println!("{}", report::functions("allocations for the function", &then.allocating, &now.allocating, 0.0));
    let file = now.file.display();
    println!("line by line: callgrind_annotate --auto=yes {file}");
    println!("who calls whom, `malloc` too: callgrind_annotate --tree=caller {file}");
    Ok(ExitCode::SUCCESS)
}

/// How closely counts of here compare with the baseline's; what stands in the way is printed.
fn tolerance(baseline: &Baseline) -> Result<Tolerance> {
    let differences = baseline.conditions.differences(&Conditions::here()?);
    if differences.is_empty() {
        return Ok(Tolerance::CLOSE);
    }
    println!("The baseline was counted under other conditions:");
    for difference in &differences {
        println!("  {difference}");
    }
    println!(
        "Instructions may therefore be {:.0} % above it instead of {:.0} %; allocations compare as ever.\n",
        Tolerance::WIDE.instructions() * 100.0,
        Tolerance::CLOSE.instructions() * 100.0
    );
    Ok(Tolerance::WIDE)
}

/// Where callgrind's files go: beside the program, in the build's folder.
fn folder() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|source| Error::Start { program: "gate", source })?;
    let folder = program.with_file_name("callgrind");
    std::fs::create_dir_all(&folder).map_err(|source| Error::File { path: folder.clone(), source })?;
    Ok(folder)
}
