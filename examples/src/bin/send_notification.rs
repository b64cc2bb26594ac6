//! Sends one notification; takes the command line of Python's `oslo-messaging-send-notification`.
#![allow(clippy::print_stderr)]

use clap::Parser;
use oslo_messaging::config::Config;
use oslo_messaging::notify::{DriverName, Notifier, Priority};
use oslo_messaging::{ConnectOptions, Context, Transport};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Sends a notification and ends when the broker has confirmed it")]
struct Cli {
    /// Configuration file of a service, for transport URL and options.
    #[arg(long)]
    config_file: Option<std::path::PathBuf>,
    /// Transport URL; the configuration's other options stay [default: the configuration's, or rabbit://]
    #[arg(long)]
    transport_url: Option<String>,
    /// Who sends.
    #[arg(long)]
    publisher_id: Option<String>,
    /// What has happened.
    #[arg(long, default_value = "test")]
    event_type: String,
    /// Topics to send to [default: the configuration's, or notifications]
    #[arg(long, num_args = 0..)]
    topic: Vec<String>,
    /// Priority: audit, critical, debug, error, info, sample or warn.
    #[arg(long, default_value = "info")]
    priority: Priority,
    /// Where it goes: messaging, messagingv2, routing, log, test or noop.
    #[arg(long, default_value = "messagingv2", value_parser = driver)]
    driver: DriverName,
    /// Seconds to wait for the broker.
    #[arg(long, default_value_t = 30)]
    timeout: u64,
    /// Send the payload as the JSON that it is; Python's program sends its text.
    #[arg(long)]
    json: bool,
    /// The payload, a text.
    payload: String,
}

fn driver(name: &str) -> Result<DriverName, String> {
    name.parse().map_err(|problem| format!("--driver {problem}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // What the driver `log` writes is there to be seen.
    examples::log_to_stderr_from("warn,oslo.messaging.notification=debug");
    examples::run(send(&cli)).await
}

async fn send(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let config = match &cli.config_file {
        Some(file) => Config::from_files([file])?,
        None => Config::builder().load()?,
    };
    let transport = match &cli.transport_url {
        Some(url) => {
            let mut options = ConnectOptions::default();
            options.transport = config.transport_options().clone();
            options.rabbit = config.notification_rabbit_options().clone();
            Transport::connect_with(&url.parse()?, options)?
        }
        None => Transport::notifications_from_config(&config)?,
    };
    let mut options = config.notification_options().clone();
    options.drivers = vec![cli.driver];
    if !cli.topic.is_empty() {
        options.topics = cli.topic.clone();
    }
    let mut builder =
        Notifier::builder(&transport).options(&options)?.timeout(Duration::from_secs(cli.timeout));
    if let Some(publisher_id) = &cli.publisher_id {
        builder = builder.publisher_id(publisher_id);
    }
    let notifier = builder.build()?;
    let ctx = Context::new();
    let sent = match cli.json {
        true => {
            let payload: serde_json::Value = serde_json::from_str(&cli.payload)?;
            notifier.send(cli.priority, &ctx, &cli.event_type, &payload).await
        }
        false => notifier.send(cli.priority, &ctx, &cli.event_type, &cli.payload).await,
    };
    transport.close(Duration::from_secs(5)).await;
    Ok(sent?)
}
