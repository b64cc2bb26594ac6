//! Where the peers are, as `tests/run` says it.

use std::path::PathBuf;

/// The variable `name`, or a stop that says how to get it.
pub(crate) fn required(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: this test needs real peers; run `tests/run` (or `tests/run --only NAME`)")
    })
}

/// A folder of the `tests` package.
pub(crate) fn package_folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A name that no other test of this run uses.
pub(crate) fn unique(hint: &str) -> String {
    let id = oslo_messaging::id::MessageId::random().to_string();
    format!("{hint}-{}", &id[..8])
}
