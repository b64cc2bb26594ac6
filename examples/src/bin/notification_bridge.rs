//! Prints the notifications of a cloud as they come: readable lines, or one JSON object each.
#![allow(clippy::print_stderr)]

use clap::Parser;
use oslo_messaging::notify::{Event, Listener, Priority, handler_fn};
use oslo_messaging::{Target, Transport};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[derive(Parser)]
#[command(about = "Prints notifications as they come, until Ctrl-C")]
struct Cli {
    /// Transport URL, for example rabbit://guest:guest@localhost:5672/
    #[arg(long)]
    url: String,
    /// Topics to listen to.
    #[arg(long, num_args = 1.., default_value = "notifications")]
    topic: Vec<String>,
    /// Exchange of the topics [default: the transport's control exchange]
    #[arg(long)]
    exchange: Option<String>,
    /// Pool: listeners of one pool share a copy of every notification. Without a pool this program takes
    /// notifications away from the cloud's own listeners.
    #[arg(long)]
    pool: Option<String>,
    /// Glob for event types, for example 'compute.instance.*'; what does not match is dropped.
    #[arg(long, default_value = "*")]
    event: String,
    /// Print each notification as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::log_to_stderr();
    examples::run(bridge(cli)).await
}

/// Prints what comes until it is stopped or its reader is gone.
async fn bridge(cli: Cli) -> Result<(), Box<dyn Error>> {
    let transport = Transport::connect(&cli.url)?;
    transport.ready(Duration::from_secs(30)).await?;
    let print = if cli.json { as_json } else { as_line };
    let gone = Arc::new(Notify::new());
    let reader = Arc::clone(&gone);
    let printing = handler_fn(&Priority::ALL, move |event: Event| {
        // A reader that is gone must not cost notifications: what could not be printed goes back, and no more is taken.
        let printed = writeln!(std::io::stdout().lock(), "{}", print(&event));
        if printed.is_err() {
            reader.notify_one();
        }
        async { printed }
    });
    let mut listener = Listener::builder(&transport)
        .endpoint(printing.event_type(&cli.event))
        .allow_requeue(true)
        .concurrency(1);
    for topic in &cli.topic {
        let target = Target::topic(topic.as_str());
        listener = listener.target(match &cli.exchange {
            Some(exchange) => target.with_exchange(exchange.as_str()),
            None => target,
        });
    }
    if let Some(pool) = &cli.pool {
        listener = listener.pool(pool);
    }
    let handle = listener.build()?.start().await?;
    eprintln!("listening to {}; Ctrl-C ends", cli.topic.join(", "));
    let ended = tokio::select! {
        stopped = handle.until_signal() => stopped.map(drop),
        () = gone.notified() => {
            handle.stop();
            handle.wait(Duration::from_secs(5)).await;
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    };
    transport.close(Duration::from_secs(5)).await;
    eprintln!("{} printed", handle.stats().handled);
    Ok(ended?)
}

/// `2026-11-22 04:48:58.255225  INFO     compute.instance.create.end  compute.host-1  {"state": "active"}`
fn as_line(event: &Event) -> String {
    let Event { timestamp, priority, event_type, publisher_id, payload, .. } = event;
    let line = format!("{timestamp:<26}  {:<8}  {event_type}  {publisher_id}  {payload}", priority.wire());
    // Whatever a sender puts into it, it stays one line and gives the terminal no orders.
    line.replace(char::is_control, " ")
}

fn as_json(event: &Event) -> String {
    // What only Python's JSON has is shown as text.
    let payload = event.payload.decode().unwrap_or_else(|_| Value::String(event.payload.to_string()));
    let context =
        event.context.entries().map(|(key, value)| (key.to_owned(), value.decode().unwrap_or(Value::Null)));
    json!({
        "timestamp": event.timestamp,
        "priority": event.priority.as_str(),
        "event_type": event.event_type,
        "publisher_id": event.publisher_id,
        "message_id": event.message_id,
        "exchange": event.exchange,
        "topic": event.topic,
        "context": context.collect::<serde_json::Map<_, _>>(),
        "payload": payload,
    })
    .to_string()
}
