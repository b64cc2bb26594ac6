//! What others may do with this library: every dependency has a licence that goes with ours, and comes from the registry.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde::Deserialize;
use std::process::Command;

/// Licences that ask for no more than to be named with the work.
const ALLOWED: &[&str] = &["Apache-2.0", "BSD-2-Clause", "ISC", "MIT", "Unicode-3.0", "Zlib", "bzip2-1.0.6"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output =
        Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether one alternative of each part of `A AND (B OR C)` is allowed. Older packages write `A/B` for `A OR B`.
fn is_allowed(licence: &str) -> bool {
    licence.replace('/', " OR ").split(" AND ").all(|part| {
        part.trim_matches(['(', ')']).split(" OR ").any(|alternative| ALLOWED.contains(&alternative.trim()))
    })
}

#[test]
fn every_dependency_has_a_licence_that_goes_with_ours() {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
    let mut refused = Vec::new();
    for Package { name, version, license, source } in
        serde_json::from_str::<Metadata>(&metadata).unwrap().packages
    {
        let licence = license.unwrap_or_default();
        if !is_allowed(&licence) {
            refused.push(format!("{name} {version}: licence `{licence}`"));
        }
        // Ours have no source; `git+…` is what a registry does not keep.
        if source.is_some_and(|source| !source.starts_with("registry+")) {
            refused.push(format!("{name} {version}: not from the registry"));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn an_expression_is_allowed_by_its_parts() {
    for licence in ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert!(is_allowed(licence), "{licence}");
    }
    for licence in ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(GPL-3.0-only OR MPL-2.0) AND MIT"] {
        assert!(!is_allowed(licence), "{licence}");
    }
}
