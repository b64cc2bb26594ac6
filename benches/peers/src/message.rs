//! What an echo is checked against.

use bench_load::Failure;

/// The end of a call: the echo must be what was sent.
pub(crate) fn compare(sent: &str, echo: &str) -> Result<(), Failure> {
    if sent == echo { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
}

pub(crate) fn other(error: impl std::fmt::Display) -> Failure {
    Failure::Other(error.to_string())
}
