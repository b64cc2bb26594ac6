//! Every measurement as a line of JSON, so that an interrupted suite goes on and the page can be written again.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use bench_load::What;
use serde::{Deserialize, Serialize};

use super::groups::Group;
use crate::case::Case;
use crate::cli::Rig;
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::measure::Measurement;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Measured(Box<Measurement>),
    Failed(String),
}

/// The first line: lines of another rig are no part of the same set.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Head {
    seconds: f64,
    warmup: f64,
    rounds: usize,
    workers: usize,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    key: Key,
    outcome: Outcome,
}

#[derive(Serialize, Deserialize, PartialEq, Eq, Clone)]
struct Key {
    group: String,
    peer: String,
    what: What,
    inflight: usize,
    size: usize,
    durable: bool,
    round: usize,
}

pub(super) struct Store {
    file: File,
    lines: Vec<Line>,
}

impl Store {
    pub(super) fn open(path: &Path, rig: &Rig, fresh: bool) -> Result<Self> {
        if fresh && path.exists() {
            std::fs::remove_file(path)?;
        }
        let head =
            Head { seconds: rig.seconds, warmup: rig.warmup, rounds: rig.rounds, workers: rig.tools.workers };
        let begun = path.exists();
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut lines = Vec::new();
        if begun {
            let mut text = BufReader::new(&file).lines();
            let first = text.next().transpose()?.unwrap_or_default();
            let found: Option<Head> = serde_json::from_str(&first).ok();
            if found.as_ref() != Some(&head) {
                let path = path.display();
                return Err(Error::Usage(format!(
                    "{path} holds measurements of other times and rounds ({first}): --fresh begins anew"
                )));
            }
            for line in text {
                lines.push(serde_json::from_str(&line?)?);
            }
            eprintln!("going on after {} measurements of {}", lines.len(), path.display());
        } else {
            writeln!(file, "{}", serde_json::to_string(&head)?)?;
        }
        Ok(Self { file, lines })
    }

    pub(super) fn has(&self, group: &Group, case: &Case, round: usize) -> bool {
        let key = Key::new(group, case, round);
        self.lines.iter().any(|line| line.key == key)
    }

    pub(super) fn keep(&mut self, group: &Group, case: &Case, round: usize, outcome: Outcome) -> Result<()> {
        let line = Line { key: Key::new(group, case, round), outcome };
        writeln!(self.file, "{}", serde_json::to_string(&line)?)?;
        self.lines.push(line);
        Ok(())
    }

    /// What the cases of a group have given, in their order.
    pub(super) fn series(&self, group: &Group) -> Vec<Series> {
        group.cases.iter().map(|case| self.series_of(group, case)).collect()
    }

    fn series_of(&self, group: &Group, case: &Case) -> Series {
        let mut series = Series::new(case.clone());
        for line in &self.lines {
            if line.key != Key::new(group, case, line.key.round) {
                continue;
            }
            match &line.outcome {
                Outcome::Measured(measurement) => series.rounds.push(measurement.as_ref().clone()),
                Outcome::Failed(reason) => series.failed.push(format!("round {}: {reason}", line.key.round)),
            }
        }
        series
    }
}

impl Key {
    fn new(group: &Group, case: &Case, round: usize) -> Self {
        Self {
            group: group.title.to_owned(),
            peer: case.contender.name().to_owned(),
            what: case.what,
            inflight: case.inflight,
            size: case.size,
            durable: case.durable,
            round,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Tools;
    use crate::suite::groups;

    fn rig(seconds: f64) -> Rig {
        let tools =
            Tools { repeats: 0, workers: 2, fill: None, python: None, peers_bin: None, broker_pid: None };
        Rig { seconds, warmup: 0.5, rounds: 1, tools }
    }

    #[test]
    fn what_was_measured_is_there_after_an_interruption() {
        let path = std::env::temp_dir().join(format!("bench-store-{}.jsonl", std::process::id()));
        let groups = groups::all("rabbit://host");
        let (group, case) = (&groups[0], &groups[0].cases[0]);
        let mut store = Store::open(&path, &rig(2.0), true).unwrap();
        store.keep(group, case, 1, Outcome::Failed("no broker".to_owned())).unwrap();
        drop(store);

        let store = Store::open(&path, &rig(2.0), false).unwrap();
        assert!(store.has(group, case, 1));
        assert!(!store.has(group, case, 2));
        assert!(!store.has(group, &group.cases[1], 1));
        assert_eq!(store.series(group)[0].failed, ["round 1: no broker"]);
        assert!(Store::open(&path, &rig(1.0), false).is_err(), "another rig is another set");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn no_case_is_measured_twice_for_one_place() {
        let mut keys = Vec::new();
        for group in groups::all("rabbit://host") {
            for case in &group.cases {
                let key = Key::new(&group, case, 1);
                assert!(!keys.contains(&key), "{} {}", group.title, crate::report::place(case));
                keys.push(key);
            }
        }
    }
}
