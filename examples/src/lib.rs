//! What the programs of this folder share.

use tracing_subscriber::EnvFilter;

/// Logs to standard error what `RUST_LOG` asks for, warnings unless it is set, without the broker library's habit of
/// logging whole messages.
pub fn log_to_stderr() {
    let wanted = std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned());
    let filter = EnvFilter::new(format!("{wanted},{}", oslo_messaging::log_filter()));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
