//! What a set of measurements was made with. Those of other times, of another broker or build are no part of it.

use std::path::Path;
use std::process::Command;

use oslo_messaging::transport::TransportUrl;
use serde::Serialize;
use serde_json::Value;

use crate::cli::Rig;
use crate::error::{Error, Result};
use crate::peers::peers_bin;

/// The field that need not be the same.
const COMMIT: &str = "commit";

#[derive(Serialize, Clone)]
pub(super) struct Head {
    seconds: f64,
    warmup: f64,
    rounds: usize,
    workers: usize,
    /// Where it is, not who logs in.
    broker: String,
    /// A hash of this program's file.
    program: String,
    /// The same of the program with the other frameworks.
    frameworks: String,
    /// For people: the one that is checked out, which may differ in what is not built.
    commit: String,
}

impl Head {
    pub(super) fn new(rig: &Rig, url: &str) -> Result<Self> {
        Ok(Self {
            seconds: rig.seconds,
            warmup: rig.warmup,
            rounds: rig.rounds,
            workers: rig.tools.workers,
            broker: without_credentials(url)?,
            program: hash_of(&std::env::current_exe()?)?,
            frameworks: hash_of(&peers_bin(rig))?,
            commit: commit(),
        })
    }

    /// What does not fit in the first line of a file; none where its set is this one.
    pub(super) fn differences(&self, first: &str) -> Result<Option<String>> {
        let found: Value = serde_json::from_str(first).unwrap_or_default();
        let Value::Object(wanted) = serde_json::to_value(self)? else { return Ok(None) };
        let differing = || wanted.iter().filter(|(name, here)| found.get(name) != Some(here));
        if differing().all(|(name, _)| name == COMMIT) {
            return Ok(None);
        }
        let each = differing().map(|(name, here)| {
            let there = found.get(name).map_or_else(|| "unknown".to_owned(), Value::to_string);
            format!("{name} was {there} and is {here}")
        });
        Ok(Some(each.collect::<Vec<_>>().join(", ")))
    }
}

fn without_credentials(url: &str) -> Result<String> {
    let parsed: TransportUrl = url.parse().map_err(|error| Error::Usage(format!("--url: {error}")))?;
    let nodes: Vec<String> = parsed.hosts().iter().map(|host| host.node()).collect();
    // Its text names users, and has no slash before the one of the virtual host.
    let text = parsed.to_string();
    let path = text.splitn(4, '/').nth(3).unwrap_or_default();
    Ok(format!("{}://{}/{path}", parsed.scheme(), nodes.join(",")))
}

/// FNV-1a: tells builds apart, and is the same in all of them.
fn hash_of(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file)
        .map_err(|error| Error::Usage(format!("cannot read {}: {error}", file.display())))?;
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok(format!("{hash:016x}"))
}

fn commit() -> String {
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "rev-parse", "--short", "HEAD"]);
    let output = git.output().ok().filter(|output| output.status.success());
    output.map_or_else(
        || "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

#[cfg(test)]
impl Head {
    pub(super) fn sample(seconds: f64) -> Self {
        let [broker, program, frameworks, commit] = ["rabbit://host", "a1", "b1", "c1"].map(str::to_owned);
        Self { seconds, warmup: 0.5, rounds: 1, workers: 2, broker, program, frameworks, commit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_build_or_broker_is_named() {
        let head = Head::sample(2.0);
        let against = |other: Head| head.differences(&serde_json::to_string(&other).unwrap()).unwrap();
        let program = against(Head { program: "a2".to_owned(), ..head.clone() });
        assert_eq!(program.unwrap(), r#"program was "a2" and is "a1""#);
        let frameworks = against(Head { frameworks: "b2".to_owned(), ..head.clone() });
        assert_eq!(frameworks.unwrap(), r#"frameworks was "b2" and is "b1""#);
        let broker = against(Head { broker: "rabbit://other".to_owned(), ..head.clone() });
        assert_eq!(broker.unwrap(), r#"broker was "rabbit://other" and is "rabbit://host""#);
        assert_eq!(against(Head { commit: "c2".to_owned(), ..head.clone() }), None, "the same build");
    }

    #[test]
    fn a_file_that_does_not_tell_its_build_is_of_another() {
        let differences =
            Head::sample(2.0).differences(r#"{"seconds":2.0,"warmup":0.5,"rounds":1,"workers":2}"#);
        assert!(differences.unwrap().unwrap().contains(r#"program was unknown and is "a1""#));
        assert!(Head::sample(2.0).differences("no JSON").unwrap().is_some());
    }

    #[test]
    fn a_file_is_hashed_by_its_bytes() {
        let path = std::env::temp_dir().join(format!("bench-hash-{}", std::process::id()));
        std::fs::write(&path, "a").unwrap();
        assert_eq!(hash_of(&path).unwrap(), "af63dc4c8601ec8c");
        std::fs::remove_file(&path).unwrap();
        assert!(hash_of(&path).unwrap_err().to_string().contains("bench-hash-"));
    }

    #[test]
    fn credentials_are_not_told() {
        let of = |url| without_credentials(url).unwrap();
        assert_eq!(of("rabbit://user:secret@host"), "rabbit://host:5672/");
        assert_eq!(of("rabbit://a:secret@h1:1,b:secret@h2/cloud"), "rabbit://h1:1,h2:5672/cloud");
        assert!(without_credentials("http://host/").is_err());
    }
}
