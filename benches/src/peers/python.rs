//! Python's oslo.messaging, in the scripts of `benches/python`.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::cli::ServerOptions;
use crate::error::{Error, Result};
use bench_load::What;

/// The script for `role` (`server` or `client`) under the interpreter that has oslo.messaging.
pub(super) fn command(interpreter: Option<&PathBuf>, role: &str, what: What) -> Command {
    let script = match (what, role) {
        (What::Notify, "client") => "notifier",
        (What::Notify | What::Listen, _) => "listener",
        (What::Call | What::Cast | What::Fanout, role) => role,
    };
    self::script(interpreter, script)
}

/// A script of `benches/python`.
pub(crate) fn script(interpreter: Option<&PathBuf>, script: &str) -> Command {
    let mut command = Command::new(self::interpreter(interpreter));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(format!("{script}.py")));
    // Deprecation notes of its dependencies on every start would bury the progress.
    command.env("PYTHONWARNINGS", "ignore");
    command
}

/// The Python server alone, in the foreground: signals reach it as they reach us.
pub(super) async fn serve(options: &ServerOptions) -> Result<()> {
    let mut command = command(options.python.as_ref(), "server", options.what);
    command.args(["--url", &options.peer.url, "--topic", &options.peer.topic]);
    command.args(["--what", options.what.name()]);
    if options.peer.durable {
        command.arg("--durable");
    }
    let program = command.as_std().get_program().into();
    let status = command.status().await.map_err(|source| Error::Start { program, source })?;
    if status.success() { Ok(()) } else { Err(Error::Peer(format!("the python server ended with {status}"))) }
}

pub(crate) fn interpreter(given: Option<&PathBuf>) -> PathBuf {
    given
        .cloned()
        .or_else(|| std::env::var_os("OSLO_TEST_PYTHON").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("python3"))
}
