//! The compile errors of the macros, as a user's compiler prints them.
//!
//! rustc's wording and layout change between releases, so whole messages are compared where `rustc -V` is what
//! `tests/ui/TOOLCHAIN` says (`TRYBUILD=overwrite` accepts new ones). On every toolchain the same files must fail with our
//! words, and the errors that the macros themselves report are compared exactly, with their places, by the tests of the
//! macro crate, without a compiler.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod words;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDERS: [&str; 9] =
    ["arg", "endpoint", "listener", "method", "notification", "register", "rpc_error", "types", "version"];

fn ui() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ui")
}

#[test]
fn compile_errors_are_what_users_read() {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("-V").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap().trim().to_owned();
    let recorded = std::fs::read_to_string(ui().join("TOOLCHAIN")).unwrap().trim().to_owned();
    let whole = version == recorded;
    let what = if whole { "whole messages and our own words" } else { "our own words only" };
    // Past the capture of test output: whoever reads a green run must know what it compared.
    writeln!(std::io::stderr(), "macro_ui: {version}, recorded {recorded}: comparing {what}").unwrap();
    if whole {
        let cases = trybuild::TestCases::new();
        for folder in FOLDERS {
            cases.compile_fail(format!("ui/{folder}/*.rs"));
        }
    }
}

#[test]
fn compile_errors_have_our_words_with_any_compiler() {
    words::compare();
}
