//! What the programs of this folder share.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Logs to standard error what `RUST_LOG` asks for, warnings unless it is set, without the broker library's habit of
/// logging whole messages.
pub fn log_to_stderr() {
    log_to_stderr_from("warn");
}

/// The same with another level, or whole directives, unless `RUST_LOG` is set.
pub fn log_to_stderr_from(usual: &str) {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| usual.to_owned());
    let filter = EnvFilter::new(format!("{wanted},{}", oslo_messaging::log_filter()));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
}
