//! What the programs of this folder share.
#![allow(clippy::print_stderr)]

use oslo_messaging::transport::TransportUrl;
use oslo_messaging::{ConnectOptions, Transport};
use std::error::Error;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;
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

/// Runs a program. Its error goes to standard error in words, and the exit status is 1: an error that `main` returns is
/// printed in its `Debug` form, which is for programmers.
pub async fn run(program: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    match program.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", in_words(&*error));
            ExitCode::FAILURE
        }
    }
}

/// The error and its causes, on one line. An error that already names its cause does not name it twice.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        next = cause.source();
    }
    words
}

/// Connects a program that is a story of its own, and waits until the broker is there. On RabbitMQ the program gets an
/// exchange of its own; exchange and queues go with their last user, and the queue of its replies soon after: nothing of it
/// stays on a broker that others use.
pub async fn connect(url: &str, exchange: &str) -> Result<Transport, Box<dyn Error>> {
    let url: TransportUrl = url.parse()?;
    let mut options = ConnectOptions::default();
    options.transport.control_exchange = exchange.to_owned();
    options.rabbit.auto_delete = true;
    options.rabbit.transient_queues_ttl = Some(Duration::from_secs(5));
    let transport = Transport::connect_with(&url, options)?;
    transport.ready(Duration::from_secs(10)).await?;
    Ok(transport)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Failure {
        text: &'static str,
        source: Option<Box<Failure>>,
    }

    #[test]
    fn an_error_names_each_cause_once() {
        let socket = Failure { text: "connection refused", source: None };
        let node = Failure { text: "rabbit-1: connection refused", source: Some(Box::new(socket)) };
        let start = Failure { text: "the server cannot start", source: Some(Box::new(node)) };
        assert_eq!(in_words(&start), "the server cannot start: rabbit-1: connection refused");
    }
}
