//! The Rust version that the workspace states, and what its dependencies ask for. The lint `incompatible_msrv` looks after our
//! own code; `tests/run` builds with that compiler where it is installed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::process::Command;

/// `1.88` and `1.88.0` alike.
fn version(text: &str) -> [u32; 3] {
    let mut numbers = text.split('.').map(|number| number.parse().expect("a number"));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

/// Every dependency of the locked graph on this machine's platform with the version that it asks for.
fn dependencies() -> Vec<(String, [u32; 3])> {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc").stdout;
    let rustc = String::from_utf8(rustc).unwrap();
    let platform = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a platform");
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", platform])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let asking = |package: &Value| {
        let asked = version(package["rust_version"].as_str()?);
        Some((format!("{} {}", package["name"], package["version"]), asked))
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().filter(|package| !package["source"].is_null()).filter_map(asking).collect()
}

#[test]
fn no_locked_dependency_asks_for_a_newer_rust_than_the_workspace_states() {
    let stated = version(env!("CARGO_PKG_RUST_VERSION"));
    let dependencies = dependencies();
    let newer: Vec<_> = dependencies.iter().filter(|(_, asked)| *asked > stated).collect();
    assert!(newer.is_empty(), "newer than {stated:?}: {newer:#?}");
    // What is stated is not higher than it must be, and what is compared is there.
    assert!(dependencies.iter().any(|(_, asked)| *asked == stated), "{dependencies:#?}");
}
