//! Every measurement as a line of JSON, so that an interrupted suite goes on and its program can write the page again.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use bench_load::What;
use serde::{Deserialize, Serialize};

use super::groups::Group;
use super::head::Head;
use crate::case::Case;
use crate::error::{Error, Result};
use crate::figures::Series;
use crate::measure::Measurement;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    Measured(Box<Measurement>),
    Failed(String),
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
    /// Goes on with the measurements in a file, if they are of the same set; with `fresh` they are thrown away.
    pub(super) fn open(path: &Path, head: &Head, fresh: bool) -> Result<Self> {
        let place = path.display();
        let mut kept = if fresh || !path.exists() { Vec::new() } else { std::fs::read(path)? };
        // A suite that was ended while it wrote has left a line without its end.
        let whole = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole < kept.len() {
            eprintln!("the last line of {place} was cut short: its measurement is made again");
        }
        kept.truncate(whole);
        let text = String::from_utf8_lossy(&kept);
        let mut text = text.lines();
        let first = text.next();
        if let Some(differences) = first.map(|first| head.differences(first)).transpose()?.flatten() {
            return Err(Error::Usage(format!(
                "{place} holds measurements of another set ({differences}): --fresh begins anew"
            )));
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(whole as u64)?;
        let mut store = Self { file, lines: Vec::new() };
        if first.is_none() {
            store.write(head)?;
            return Ok(store);
        }
        for (number, line) in text.enumerate() {
            let line = serde_json::from_str(line).map_err(|error| {
                let number = number + 2;
                Error::Usage(format!(
                    "line {number} of {place} is none of ours ({error}): --fresh begins anew"
                ))
            })?;
            store.put(line);
        }
        let measured = store.lines.iter().filter(|line| line.is_measured()).count();
        let failed = store.lines.len() - measured;
        eprintln!("going on after {measured} measurements of {place}; {failed} that failed are tried again");
        Ok(store)
    }

    /// Whether it was measured. What failed was not: it is tried again when a suite goes on.
    pub(super) fn has(&self, group: &Group, case: &Case, round: usize) -> bool {
        let key = Key::new(group, case, round);
        self.lines.iter().any(|line| line.key == key && line.is_measured())
    }

    pub(super) fn keep(&mut self, group: &Group, case: &Case, round: usize, outcome: Outcome) -> Result<()> {
        let line = Line { key: Key::new(group, case, round), outcome };
        self.write(&line)?;
        self.put(line);
        Ok(())
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        let line = serde_json::to_string(line)? + "\n";
        Ok(self.file.write_all(line.as_bytes())?)
    }

    /// The later line of the same place is the one that counts.
    fn put(&mut self, line: Line) {
        self.lines.retain(|earlier| earlier.key != line.key);
        self.lines.push(line);
    }

    /// What the cases of a group have given, in their order.
    pub(super) fn series(&self, group: &Group) -> Vec<Series> {
        group.cases.iter().map(|case| self.series_of(group, case)).collect()
    }

    fn series_of(&self, group: &Group, case: &Case) -> Series {
        let mut series = Series::new(case.clone());
        let of_case = |line: &&Line| line.key == Key::new(group, case, line.key.round);
        let mut lines: Vec<&Line> = self.lines.iter().filter(of_case).collect();
        // What failed at first was measured after later rounds, and ratios are of the same round.
        lines.sort_by_key(|line| line.key.round);
        for line in lines {
            match &line.outcome {
                Outcome::Measured(measurement) => series.rounds.push(measurement.as_ref().clone()),
                Outcome::Failed(reason) => series.failed.push(format!("round {}: {reason}", line.key.round)),
            }
        }
        series
    }
}

impl Line {
    fn is_measured(&self) -> bool {
        matches!(self.outcome, Outcome::Measured(_))
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
    use crate::suite::groups;

    struct Place(std::path::PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("bench-store-{name}-{}.jsonl", std::process::id())))
        }

        fn open(&self, fresh: bool) -> Store {
            Store::open(&self.0, &Head::sample(2.0), fresh).unwrap()
        }

        fn add(&self, text: &str) {
            let mut file = OpenOptions::new().append(true).open(&self.0).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn measured(done: u64) -> Outcome {
        Outcome::Measured(Box::new(Measurement::sample(done)))
    }

    fn failed() -> Outcome {
        Outcome::Failed("no broker".to_owned())
    }

    #[test]
    fn what_was_measured_is_there_after_an_interruption() {
        let (place, groups) = (Place::new("there"), groups::all("rabbit://host"));
        let (group, case) = (&groups[0], &groups[0].cases[0]);
        place.open(true).keep(group, case, 1, measured(100)).unwrap();

        let store = place.open(false);
        assert!(store.has(group, case, 1));
        assert!(!store.has(group, case, 2));
        assert!(!store.has(group, &group.cases[1], 1));
        assert_eq!(store.series(group)[0].rounds.len(), 1);
        assert!(!place.open(true).has(group, case, 1), "begun anew");
    }

    #[test]
    fn another_set_is_refused_with_what_differs_and_left_as_it_is() {
        let place = Place::new("other");
        drop(place.open(true));
        place.add("torn");
        let error = Store::open(&place.0, &Head::sample(1.0), false).err().unwrap().to_string();
        assert!(error.contains("seconds was 2.0 and is 1.0") && error.contains("--fresh"), "{error}");
        assert!(std::fs::read_to_string(&place.0).unwrap().ends_with("torn"));
    }

    #[test]
    fn what_failed_is_tried_again_and_takes_its_place_among_the_rounds() {
        let (place, groups) = (Place::new("failed"), groups::all("rabbit://host"));
        let (group, case) = (&groups[0], &groups[0].cases[0]);
        let mut store = place.open(true);
        store.keep(group, case, 1, failed()).unwrap();
        store.keep(group, case, 2, measured(200)).unwrap();
        assert_eq!(store.series(group)[0].failed, ["round 1: no broker"]);
        drop(store);

        let mut store = place.open(false);
        assert!(!store.has(group, case, 1) && store.has(group, case, 2));
        store.keep(group, case, 1, measured(100)).unwrap();
        drop(store);
        let series = &place.open(false).series(group)[0];
        let done: Vec<u64> = series.rounds.iter().map(|round| round.client.done).collect();
        assert_eq!((done, series.failed.len()), (vec![100, 200], 0));
    }

    #[test]
    fn a_last_line_that_was_cut_short_is_measured_again() {
        let (place, groups) = (Place::new("torn"), groups::all("rabbit://host"));
        let (group, case) = (&groups[0], &groups[0].cases[0]);
        place.open(true).keep(group, case, 1, measured(100)).unwrap();
        // In the middle of a letter.
        let line = [br#"{"group":"x","outcome":{"failed":"p50 "#.as_slice(), &"µ".as_bytes()[..1]].concat();
        OpenOptions::new().append(true).open(&place.0).unwrap().write_all(&line).unwrap();

        let mut store = place.open(false);
        assert!(store.has(group, case, 1));
        store.keep(group, case, 2, measured(200)).unwrap();
        drop(store);
        assert_eq!(place.open(false).series(group)[0].rounds.len(), 2);
    }

    #[test]
    fn a_file_whose_first_line_was_cut_short_begins_anew() {
        let place = Place::new("head");
        std::fs::write(&place.0, r#"{"seconds":2."#).unwrap();
        drop(place.open(false));
        drop(place.open(false));
    }

    #[test]
    fn a_line_in_the_middle_that_does_not_read_is_named() {
        let place = Place::new("middle");
        drop(place.open(true));
        place.add("{}\n");
        let error = Store::open(&place.0, &Head::sample(2.0), false).err().unwrap().to_string();
        assert!(error.starts_with("line 2 of ") && error.contains("--fresh"), "{error}");
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
