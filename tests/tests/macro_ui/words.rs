//! Compiles every case with whatever compiler there is, and looks for our words in what it says.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What our `#[diagnostic::on_unimplemented]`s begin with; other errors with a code are rustc's own words.
const OURS: [&str; 6] = [
    "is not what an RPC call can return",
    "is not what an RPC cast can return",
    "cannot cross the wire",
    "`fanout` is",
    "a handler of notifications cannot return",
    "has no event type of its own",
];

pub(super) fn compare() {
    let cases = cases();
    assert!(cases.len() >= 90, "only {} cases", cases.len());
    let said = compile(&cases);
    let mut wrong = Vec::new();
    for (name, case) in &cases {
        let Some(said) = said.get(name) else {
            wrong.push(format!("{} compiles", case.display()));
            continue;
        };
        let expected = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let missing = words(&expected).into_iter().filter(|head| !said.contains(head.as_str()));
        wrong.extend(missing.map(|head| format!("{}: `{head}` is not in\n{said}", case.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The first lines of those errors whose words are ours.
fn words(stderr: &str) -> Vec<String> {
    let heads = stderr.lines().filter(|line| {
        // `error:` without a code is a macro's, except where rustc speaks of futures.
        (line.starts_with("error: ") && !line.contains("future cannot be sent"))
            || (line.starts_with("error[") && OURS.iter().any(|ours| line.contains(ours)))
    });
    heads.map(str::to_owned).collect()
}

fn cases() -> BTreeMap<String, PathBuf> {
    let mut cases = BTreeMap::new();
    for folder in super::FOLDERS {
        for entry in fs::read_dir(super::ui().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                cases.insert(format!("{folder}-{}", path.file_stem().unwrap().display()), path);
            }
        }
    }
    cases
}

/// What the compiler says about each case that does not compile.
fn compile(cases: &BTreeMap<String, PathBuf>) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let project = target.join("macro-ui");
    fs::create_dir_all(&project).unwrap();
    let mut manifest = format!(
        "[package]\nname = \"macro-ui\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         oslo-messaging = {{ path = {:?}, default-features = false }}\nthiserror = \"2\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
        root.join("runtime")
    );
    for (name, path) in cases {
        writeln!(manifest, "[[bin]]\nname = {name:?}\npath = {path:?}").unwrap();
    }
    fs::write(project.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["check", "--offline", "--bins", "--keep-going", "--message-format=json"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", target.join("macro-ui-target"))
        .output()
        .unwrap();
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        if message["message"]["level"] == "error" {
            let name = message["target"]["name"].as_str().unwrap().to_owned();
            said.entry(name).or_default().push_str(message["message"]["rendered"].as_str().unwrap());
        }
    }
    assert!(!said.is_empty(), "no case was compiled:\n{}", String::from_utf8_lossy(&output.stderr));
    said
}
