//! Sends one notification; takes the command line of Python's `oslo-messaging-send-notification`.
#![allow(clippy::print_stderr)]

use clap::Parser;
use oslo_messaging::config::Config;
use oslo_messaging::notify::{LogDriver, MessagingDriver, NoopDriver, Notifier, NotifierBuilder, Priority};
use oslo_messaging::{Context, Transport};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Parser)]
#[command(about = "Sends a notification and ends when the broker has confirmed it")]
struct Cli {
    /// Configuration file of a service, for transport URL and options.
    #[arg(long)]
    config_file: Option<std::path::PathBuf>,
    /// Transport URL [default: the configuration's, or rabbit://]
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
    /// Where it goes: messaging, messagingv2, log or noop.
    #[arg(long, default_value = "messagingv2")]
    driver: String,
    /// Seconds to wait for the broker.
    #[arg(long, default_value_t = 30)]
    timeout: u64,
    /// Send the payload as the JSON that it is; Python's program sends its text.
    #[arg(long)]
    json: bool,
    /// The payload, a text.
    payload: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // What the driver `log` writes is there to be seen.
    examples::log_to_stderr_from("warn,oslo.messaging.notification=debug");
    match send(&cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn send(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let config = match &cli.config_file {
        Some(file) => Config::from_files([file])?,
        None => Config::builder().load()?,
    };
    let transport = match &cli.transport_url {
        Some(url) => Transport::connect(url)?,
        None => Transport::notifications_from_config(&config)?,
    };
    let mut builder = with_driver(Notifier::builder(&transport), &transport, &cli.driver)?
        .timeout(Duration::from_secs(cli.timeout))
        .topics(match cli.topic.is_empty() {
            true => config.notification_options().topics.iter().map(String::as_str).collect(),
            false => cli.topic.iter().map(String::as_str).collect::<Vec<_>>(),
        });
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

fn with_driver(
    builder: NotifierBuilder,
    transport: &Transport,
    name: &str,
) -> Result<NotifierBuilder, Box<dyn Error>> {
    Ok(match name {
        "messaging" => builder.driver(MessagingDriver::v1(transport)),
        "messagingv2" => builder.driver(MessagingDriver::v2(transport)),
        "log" => builder.driver(LogDriver),
        "noop" => builder.driver(NoopDriver),
        other => {
            return Err(format!("unknown driver `{other}`: messaging, messagingv2, log or noop").into());
        }
    })
}
