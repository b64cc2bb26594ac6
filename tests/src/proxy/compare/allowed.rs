//! The list of differences that are meant: `tests/ALLOWED_DIFFERENCES.toml`.

use super::difference::Difference;
use crate::environment::package_folder;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The list, and which entries have been needed.
#[derive(Debug)]
pub struct Allowed {
    entries: Vec<Entry>,
    used: BTreeSet<usize>,
}

#[derive(Debug, Deserialize)]
struct File {
    difference: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Some of `client`, `server`, `notifier`, `listener`, or `*`.
    peer: String,
    /// The difference's line; `*` stands for any text.
    what: String,
    /// Why it is meant.
    reason: String,
}

impl Allowed {
    /// What the file says of these peers.
    pub fn load(peers: &[&str]) -> Self {
        let text = std::fs::read_to_string(package_folder("ALLOWED_DIFFERENCES.toml")).expect("the list");
        let file: File = toml::from_str(&text).unwrap_or_else(|e| panic!("ALLOWED_DIFFERENCES.toml: {e}"));
        for entry in &file.difference {
            assert!(entry.reason.len() > 20, "`{}` needs a reason that explains it", entry.what);
        }
        let mut entries = file.difference;
        entries.retain(|entry| peers.iter().any(|peer| entry.is_of(peer)));
        Self { entries, used: BTreeSet::new() }
    }

    /// Those of the differences that no entry allows.
    pub fn unlisted(&mut self, peer: &str, found: &BTreeSet<Difference>) -> Vec<String> {
        let mut unlisted = Vec::new();
        for difference in found {
            let fits = |entry: &Entry| entry.is_of(peer) && matches(&entry.what, &difference.0);
            let fitting: Vec<_> =
                (0..self.entries.len()).filter(|&index| fits(&self.entries[index])).collect();
            if fitting.is_empty() {
                unlisted.push(format!("{peer}: {difference}"));
            }
            self.used.extend(fitting);
        }
        unlisted
    }

    /// The entries that nothing has needed.
    pub fn unused(&self) -> BTreeMap<&str, &str> {
        let entries = self.entries.iter().enumerate().filter(|(index, _)| !self.used.contains(index));
        entries.map(|(_, entry)| (entry.what.as_str(), entry.peer.as_str())).collect()
    }
}

impl Entry {
    fn is_of(&self, peer: &str) -> bool {
        self.peer.split(' ').any(|word| word == "*" || word == peer)
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).filter(|&at| rest.is_char_boundary(at)).any(|at| matches(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("a * c*", "a long c"));
        assert!(matches("*", ""));
        assert!(!matches("a * c", "a c"));
        assert!(!matches("a", "ab"));
    }
}
