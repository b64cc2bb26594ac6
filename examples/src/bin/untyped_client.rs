//! Calls any method of any server by name, Rust or Python: one line of JSON in, one line of JSON out.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clap::{Parser, Subcommand};
use oslo_messaging::error::ErrorKind;
use oslo_messaging::json::RawJson;
use oslo_messaging::{
    CallError, CastError, Context, Ran, RemoteFailure, RpcClient, Target, Transport, Version,
};
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Calls a method by name and prints the result, or the error, as one line of JSON")]
struct Cli {
    #[command(subcommand)]
    how: How,
}

#[derive(Subcommand)]
enum How {
    /// Send to one server and wait for the answer.
    Call(Request),
    /// Send to one server; nobody waits.
    Cast(Request),
    /// Send to every server of the topic; nobody waits.
    Fanout(Request),
}

#[derive(clap::Args)]
struct Request {
    /// Transport URL, for example rabbit://guest:guest@localhost:5672/
    #[arg(long)]
    url: String,
    /// Topic to send to.
    #[arg(long)]
    topic: String,
    /// Exchange of the topic [default: the transport's control exchange]
    #[arg(long)]
    exchange: Option<String>,
    /// Namespace of the interface.
    #[arg(long)]
    namespace: Option<String>,
    /// Version of the interface, MAJOR.MINOR.
    #[arg(long)]
    version: Option<Version>,
    /// One server of the topic.
    #[arg(long)]
    server: Option<String>,
    /// Seconds to wait [default: 60]
    #[arg(long, value_parser = seconds)]
    timeout: Option<Duration>,
    /// Give up when the server shows no sign of life for this many seconds.
    #[arg(long, value_parser = seconds)]
    call_monitor: Option<Duration>,
    /// Wire name of the method.
    method: String,
    /// Arguments, a JSON object.
    #[arg(default_value = "{}")]
    args: String,
    /// Context, a JSON object.
    #[arg(default_value = "{}")]
    context: String,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// What is wrong with `what` is an error like any other: one line of JSON, not the words of the command line's reader.
fn object(what: &str, text: &str) -> Result<Map<String, Value>, Report> {
    let unfit = |error| unsent(&format!("the {what} must be a JSON object: {error}"));
    serde_json::from_str(text).map_err(unfit)
}

/// What goes to standard error, as one line of JSON.
struct Report(Value);

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if std::env::var_os("RUST_LOG").is_some() {
        examples::log_to_stderr();
    }
    match run(cli.how).await {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(Report(error)) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(how: How) -> Result<String, Report> {
    let (How::Call(request) | How::Cast(request) | How::Fanout(request)) = &how;
    let args = object("arguments", &request.args)?;
    let mut context = Context::new();
    for (key, value) in object("context", &request.context)? {
        context = context.with(key, &value).map_err(|error| unsent(&error))?;
    }
    let transport = Transport::connect(&request.url).map_err(|error| unsent(&error))?;
    let mut target = Target::topic(&request.topic);
    target.exchange = request.exchange.as_deref().map(Into::into);
    target.namespace = request.namespace.as_deref().map(Into::into);
    target.version = request.version;
    target.server = request.server.as_deref().map(Into::into);
    let client = RpcClient::new(&transport, target).prepare(|mut options| {
        if let Some(timeout) = request.timeout {
            options = options.timeout(timeout);
        }
        if let Some(silence) = request.call_monitor {
            options = options.call_monitor(silence);
        }
        options
    });
    let method = request.method.clone();
    let result = match &how {
        How::Call(_) => {
            client.call(&context, method, &args).await.map(|result| one_line(&result)).map_err(call_report)
        }
        How::Cast(_) => {
            client.cast(&context, method, &args).await.map(|()| "null".to_owned()).map_err(cast_report)
        }
        How::Fanout(_) => {
            let cast = client.cast(&context, method, &args).fanout();
            cast.await.map(|()| "null".to_owned()).map_err(cast_report)
        }
    };
    transport.close(Duration::from_secs(1)).await;
    result
}

/// A mistake found before anything was sent.
fn unsent(error: &dyn std::fmt::Display) -> Report {
    report(ErrorKind::NotSent, Ran::No, None, error.to_string())
}

fn call_report(error: CallError<RemoteFailure>) -> Report {
    let failure = match &error {
        CallError::Remote(failure) => Some(failure),
        CallError::Undeclared(failure) => Some(&**failure),
        CallError::Rejected(rejection) => Some(&rejection.failure),
        _ => None,
    };
    let message = failure.map_or_else(|| error.to_string(), |failure| failure.message.clone());
    report(error.kind(), error.ran(), failure, message)
}

fn cast_report(error: CastError) -> Report {
    report(error.kind(), error.ran(), None, error.to_string())
}

fn report(kind: ErrorKind, ran: Ran, failure: Option<&RemoteFailure>, message: String) -> Report {
    let mut report = json!({
        "kind": kind.as_str(),
        "ran": ran.to_string(),
        "class": failure.map(|failure| &failure.class),
        "module": failure.map(|failure| &failure.module),
        "message": message,
        "args": [],
        "kwargs": {},
    });
    if let Some(failure) = failure {
        report["args"] = failure.args.iter().map(readable).collect();
        let kwargs = failure.kwargs.iter().map(|(name, value)| (name.clone(), readable(value)));
        report["kwargs"] = Value::Object(kwargs.collect());
    }
    Report(report)
}

/// A value as JSON that any reader takes; what only Python's JSON has is shown as text.
fn readable(value: &RawJson) -> Value {
    value.decode().unwrap_or_else(|_| Value::String(value.to_string()))
}

/// A result as one line of JSON, digit for digit where it is JSON at all: Python also writes `NaN`.
fn one_line(result: &RawJson) -> String {
    match serde_json::from_str::<IgnoredAny>(result.as_str()) {
        // Line breaks of JSON stand between values; within texts they are escaped.
        Ok(_) => result.as_str().replace(['\n', '\r'], " "),
        Err(_) => readable(result).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_one_line_of_json() {
        for (result, printed) in [
            ("{\"a\":\r\n [1, 2.50]}", "{\"a\":   [1, 2.50]}"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("[1, NaN,\n \"a\\n\"]", "[1,null,\"a\\n\"]"),
        ] {
            assert_eq!(one_line(&result.parse().unwrap()), printed);
        }
    }
}
