//! Every error that the macros report, compared in words, place and width with what `tests/ui` says users read.

use super::source::{Reported, errors, expand_all};
use std::fs;
use std::path::{Path, PathBuf};

/// Cases whose errors are rustc's: there the macros must be silent.
const RUSTC: &str = "types";

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui")
}

fn cases() -> Vec<PathBuf> {
    let folders = fs::read_dir(ui()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut cases: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "rs") && path.with_extension("stderr").exists())
        .collect();
    cases.sort();
    assert!(cases.len() >= 90, "only {} cases below {}", cases.len(), ui().display());
    cases
}

#[test]
fn errors_are_what_users_read() {
    let mut wrong = Vec::new();
    for case in cases() {
        let source = fs::read_to_string(&case).unwrap();
        let reported: Vec<Reported> = expand_all(&source).iter().flat_map(errors).collect();
        let stderr = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let rustcs = case.parent().unwrap().ends_with(RUSTC);
        let expected = if rustcs { Vec::new() } else { read(&stderr) };
        if reported != expected {
            wrong.push(format!("{}:\nreported {reported:#?}\nexpected {expected:#?}", case.display()));
        }
        if !rustcs && stderr.contains("error[E") {
            wrong.push(format!("{}: our error has follow-ups", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Reads the errors without a code, which are ours, out of rustc's output.
fn read(stderr: &str) -> Vec<Reported> {
    let mut lines = stderr.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        let Some(head) = line.strip_prefix("error: ") else { continue };
        let mut message = head.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("       ")) {
            message.push('\n');
            message.push_str(more.trim_start());
        }
        let place =
            lines.next().unwrap().rsplit(':').take(2).map(|n| n.parse().unwrap()).collect::<Vec<usize>>();
        let underline = lines.by_ref().take_while(|line| !line.is_empty()).find_map(|line| {
            let (_, marks) = line.split_once("| ")?;
            let marks = marks.trim_start();
            marks.starts_with('^').then(|| marks.chars().take_while(|c| *c == '^').count())
        });
        found.push(Reported { message, at: (place[1], place[0]), width: underline });
    }
    found
}
