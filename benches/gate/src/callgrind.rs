//! Outside valgrind: runs this program in it for one scenario, and reads what it says.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::counting::COUNTED;
use crate::error::{Error, Result};
use crate::profile::{Collected, Profile};
use crate::scenarios::Scenario;

/// The hidden command of this program that valgrind runs.
pub(crate) const OPERATE: &str = "operate";

/// What one operation costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) instructions: u64,
    /// With two decimals: a table may grow once in many operations.
    pub(crate) allocations: f64,
    pub(crate) bytes: u64,
}

/// What was counted in one scenario.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) counts: Counts,
    /// Instructions of functions themselves, in one operation.
    pub(crate) functions: Profile,
    /// Allocations of functions outside the standard library, in one operation.
    pub(crate) allocating: Profile<f64>,
    /// Callgrind's file, for its own tools.
    pub(crate) file: PathBuf,
}

/// Counts the operation of `scenario`; callgrind's file goes into `folder`.
pub(crate) fn count(scenario: &Scenario, folder: &Path) -> Result<Counted> {
    // The first file is of what comes before, the last one of what comes behind.
    let all = folder.join(format!("{}.callgrind", scenario.name));
    let file = folder.join(format!("{}.callgrind.2", scenario.name));
    // One of an earlier run must not pass for this run's.
    let _ = std::fs::remove_file(&file);
    let program = std::env::current_exe().map_err(|source| Error::Start { program: "gate", source })?;
    let output = Command::new("valgrind")
        .args(["--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"])
        .args([format!("--dump-before={COUNTED}"), format!("--dump-after={COUNTED}")])
        .arg(format!("--callgrind-out-file={}", all.display()))
        .arg(program)
        .args([OPERATE, &scenario.name])
        .output()
        .map_err(|source| Error::Start { program: "valgrind", source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Failed { program: "valgrind", status: output.status, stderr });
    }
    let (allocations, bytes) = heap(scenario, &String::from_utf8_lossy(&output.stdout))?;
    let text = std::fs::read(&file).map_err(|source| match source.kind() {
        ErrorKind::NotFound => Error::NothingCounted { scenario: scenario.name.clone(), function: COUNTED },
        _ => Error::File { path: file.clone(), source },
    })?;
    let collected = Collected::parse(&String::from_utf8_lossy(&text));
    let times = u64::from(scenario.times);
    let instructions = collected.own.values().sum::<u64>() / times;
    let each = |all: f64| (all / times as f64 * 100.0).round() / 100.0;
    let allocating = collected.allocating().into_iter().map(|(name, all)| (name, each(all)));
    let allocating = allocating.filter(|(_, each)| *each > 0.0);
    Ok(Counted {
        counts: Counts { instructions, allocations: each(allocations as f64), bytes: bytes / times },
        allocating: allocating.collect(),
        functions: collected.own.into_iter().map(|(name, all)| (name, all / times)).collect(),
        file,
    })
}

/// The two numbers that `operate` prints.
fn heap(scenario: &Scenario, said: &str) -> Result<(u64, u64)> {
    let numbers: Option<Vec<u64>> = said.split_ascii_whitespace().map(|word| word.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[allocations, bytes]) => Ok((allocations, bytes)),
        _ => Err(Error::Unexpected { scenario: scenario.name.clone(), said: said.to_owned() }),
    }
}
