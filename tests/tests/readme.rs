//! The README says what is true: its first program is the example, its output is what that prints, its table is made from
//! `docs/features.toml`, and the tests named there exist. `UPDATE_README=1` writes the parts anew. The files that it and the
//! other documents name exist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Deserialize)]
struct Features {
    feature: Vec<Feature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    what: String,
    python: String,
    here: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    tests: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Checks, or writes, what stands between the markers of `name`.
fn section(name: &str, wanted: &str) {
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let readme = read("README.md");
    let start = readme.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
    let stop = start + readme[start..].find(&end).unwrap_or_else(|| panic!("no {end}"));
    if readme[start..stop] == *wanted {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_README").is_some(),
        "the README's part `{name}` is old; UPDATE_README=1 cargo test -p tests --test readme writes it:\n{wanted}"
    );
    std::fs::write(root().join("README.md"), format!("{}{wanted}{}", &readme[..start], &readme[stop..]))
        .unwrap();
}

fn features() -> Vec<Feature> {
    toml::from_str::<Features>(&read("docs/features.toml")).unwrap().feature
}

#[test]
fn parts_of_the_readme_are_made_from_their_sources() {
    let hello = read("examples/src/bin/hello.rs");
    let program = hello.split_once("\n\n").unwrap().1;
    assert!(program.lines().count() < 40, "the first program has {} lines", program.lines().count());
    section("hello", &format!("```rust\n{program}```\n"));
    section("hello-output", &format!("```text\n{}```\n", hello_output()));
    let mut table = String::from("| | Python | here |\n|---|---|---|\n");
    for Feature { what, python, here, note, .. } in features() {
        let note = if note.is_empty() { note } else { format!(": {note}") };
        table.push_str(&format!("| {what} | {python} | {here}{note} |\n"));
    }
    section("features", &table);
}

/// What the first program prints, its random message id replaced.
fn hello_output() -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let run = Command::new(cargo)
        .args(["run", "--quiet", "-p", "examples", "--bin", "hello"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let output = String::from_utf8(run.stdout).unwrap();
    let id = output.split("message id ").nth(1).and_then(|rest| rest.get(..32)).unwrap();
    output.replace(id, "8d5d0a6c7f0e4a35b1f0d7a3c2e9b846")
}

/// Links of Markdown, and files of this repository between backticks.
#[test]
fn documents_name_files_that_exist() {
    let folders = ["runtime/", "macros/", "examples/", "tests/", "benches/", "docs/"];
    let mut missing = Vec::new();
    for folder in ["", "docs/guide", "docs/decisions", "docs/results"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            let links = links.filter(|link| !link.contains("://")).map(|link| root().join(folder).join(link));
            let quoted = text.split('`').filter(|quoted| {
                folders.iter().any(|folder| quoted.starts_with(folder))
                    && !quoted.contains(char::is_whitespace)
            });
            let named: Vec<_> = links.chain(quoted.map(|quoted| root().join(quoted))).collect();
            missing.extend(named.into_iter().filter(|named| !named.exists()));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The names of all tests, and of the files and folders of tests.
fn names_of_tests() -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root().join("tests/tests"), root().join("runtime/tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            names.push(path.file_stem().unwrap().to_string_lossy().into_owned());
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let functions = text.split("fn ").skip(1).filter_map(|rest| rest.split_once('('));
                names.extend(functions.map(|(name, _)| name.to_owned()));
            }
        }
    }
    names
}

#[test]
fn features_name_tests_that_exist() {
    let names = names_of_tests();
    for Feature { what, here, tests, .. } in features() {
        assert!(["yes", "partly", "not yet"].contains(&here.as_str()), "{what}");
        assert!(here == "not yet" || !tests.is_empty(), "`{what}` is a claim without a test");
        for test in &tests {
            assert!(names.contains(test), "`{what}` names the test `{test}`, which does not exist");
        }
    }
}
