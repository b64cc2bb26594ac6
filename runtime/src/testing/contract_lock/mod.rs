//! Keeps a contract in a file, so that a change that peers would notice is a red test.

mod compare;
mod form;

use crate::contract::EndpointDescriptor;
use compare::{Bump, Change, compare};
use form::Locked;
use std::fmt::Write as _;
use std::path::Path;

/// Asserts that a contract is the one that `path` holds; a relative path starts at the package's root.
///
/// After a change the failure lists what changed and which version the change needs: what an older peer can miss (a method
/// or argument removed, renamed or of another type, a kind changed, a required argument added) needs a new major version,
/// what it cannot (something added) a new minor version. `UPDATE_CONTRACTS=1 cargo test` writes the file anew.
///
/// ```
/// # use oslo_messaging::{endpoint, testing::assert_contract};
/// # #[endpoint(version = "1.0")]
/// # trait Compute {
/// #     async fn name(&self, id: u32) -> Result<String, std::convert::Infallible>;
/// # }
/// # let path = std::env::temp_dir().join(format!("contract-{}.json", std::process::id()));
/// # std::fs::write(&path, r#"{"name":"Compute","namespace":null,"legacy_namespaces":[],"version":"1.0","methods":[
/// #   {"name":"name","aliases":[],"kind":"call","since":"1.0","fanout":false,
/// #    "args":[{"name":"id","type":"u32","since":null,"optional":false,"flatten":false}],
/// #    "returns":"Result<String, std::convert::Infallible>"}]}"#).unwrap();
/// // path: "contracts/compute.json"
/// assert_contract(ComputeClient::DESCRIPTOR, &path);
/// # std::fs::remove_file(&path).unwrap();
/// ```
///
/// # Panics
/// When the contract is not the one in the file, or the file cannot be read or written.
#[track_caller]
pub fn assert_contract(descriptor: &EndpointDescriptor, path: impl AsRef<Path>) {
    let update = std::env::var_os("UPDATE_CONTRACTS").is_some_and(|value| value != "0");
    if let Err(report) = check(descriptor, path.as_ref(), update) {
        fail(&report);
    }
}

/// Fails the test that asserts: the one thing that an assertion is for.
#[allow(clippy::panic)]
#[track_caller]
fn fail(report: &str) {
    panic!("{report}");
}

fn check(descriptor: &EndpointDescriptor, path: &Path, update: bool) -> Result<(), String> {
    let current = Locked::of(descriptor);
    if update {
        return write(&current, path);
    }
    let file = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| {
        format!("{file}: {e}\nto lock contract `{}` there: UPDATE_CONTRACTS=1 cargo test", current.name)
    })?;
    let locked: Locked =
        serde_json::from_str(&text).map_err(|e| format!("{file}: no locked contract: {e}"))?;
    let changes = compare(&locked, &current);
    if changes.is_empty() { Ok(()) } else { Err(report(&locked, &current, &changes, path)) }
}

fn write(current: &Locked, path: &Path) -> Result<(), String> {
    let text = serde_json::to_string_pretty(current).map_err(|e| e.to_string())? + "\n";
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

fn report(locked: &Locked, current: &Locked, changes: &[Change], path: &Path) -> String {
    let needed = changes.iter().map(|change| change.bump).max().unwrap_or(Bump::None);
    let mut text = format!("contract `{}` is not the one in {}:\n", current.name, path.display());
    for change in changes {
        // Writing to a String does not fail.
        let _ = writeln!(text, "  {}", change.what);
    }
    let done = Bump::between(locked, current);
    let _ = match needed.after(locked) {
        Some(version) if done < needed => {
            writeln!(text, "this needs version {version}, but the contract says {}", current.version)
        }
        _ => writeln!(text, "version {} allows for that", current.version),
    };
    text.push_str("to accept it: UPDATE_CONTRACTS=1 cargo test");
    text
}

#[cfg(test)]
mod tests;
