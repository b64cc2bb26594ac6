//! The peers: what each takes to serve and to load, as a process and inside one.

mod lapin;
mod ours;
mod python;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::broker::is_in_process;
use crate::cli::{ClientOptions, LapinMode, PeerName, RunOptions, ServerOptions};
use crate::error::{Error, Result};
use crate::events::{Event, tell};
use crate::load::{Plan, drive};
use crate::stop;

/// The one server's name, for peers that name servers.
pub(crate) const SERVER_NAME: &str = "s1";

/// A peer as one run measures it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contender {
    Ours,
    Lapin(LapinMode),
    Python,
}

impl Contender {
    /// The peers that the options name, each once, in the options' order.
    pub(crate) fn from_options(options: &RunOptions) -> Result<Vec<Self>> {
        let mut contenders = Vec::new();
        for name in &options.peers {
            let lapin = options.lapin_mode.iter().map(|mode| Self::Lapin(*mode));
            match name {
                PeerName::Ours => contenders.push(Self::Ours),
                PeerName::Lapin => contenders.extend(lapin),
                PeerName::Python => contenders.push(Self::Python),
                PeerName::All => {
                    contenders.extend([Self::Ours].into_iter().chain(lapin).chain([Self::Python]))
                }
            }
        }
        let mut once = Vec::new();
        contenders.retain(|contender| {
            !once.contains(contender) && {
                once.push(*contender);
                true
            }
        });
        if is_in_process(&options.url) && contenders.iter().any(|contender| *contender != Self::Ours) {
            return Err(Error::Usage("only `--peer ours` can be measured over memory://".to_owned()));
        }
        Ok(contenders)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Lapin(LapinMode::Equal) => "lapin",
            Self::Lapin(LapinMode::Tuned) => "lapin-tuned",
            Self::Python => "python",
        }
    }

    /// What this peer promises for its figures.
    pub(crate) fn guarantees(self) -> Value {
        match self {
            Self::Ours | Self::Lapin(LapinMode::Equal) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply",
            }),
            Self::Lapin(LapinMode::Tuned) => json!({
                "request": "mandatory, unconfirmed", "reply": "mandatory, unconfirmed", "ack": "32 requests at a time, no reply",
            }),
            Self::Python => json!({
                "request": "mandatory (at_least_once), confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply", "executor": "threading",
            }),
        }
    }

    /// The command that serves `topic` until its standard input ends.
    pub(crate) fn server_command(self, options: &RunOptions, topic: &str) -> Result<Command> {
        let mut command = match self {
            Self::Python => python::command(options.python.as_ref(), python::SERVER),
            Self::Ours | Self::Lapin(_) => self.own_command("server", options)?,
        };
        command.args(["--follow-stdin", "--url", &options.url, "--topic", topic]);
        Ok(command)
    }

    /// The command that loads `topic`.
    pub(crate) fn client_command(
        self,
        options: &RunOptions,
        topic: &str,
        inflight: usize,
    ) -> Result<Command> {
        let mut command = match self {
            Self::Python => python::command(options.python.as_ref(), python::CLIENT),
            Self::Ours | Self::Lapin(_) => self.own_command("client", options)?,
        };
        command.args(["--url", &options.url, "--topic", topic, "--what", options.what.name()]);
        command.arg("--inflight").arg(inflight.to_string());
        command.arg("--size").arg(options.size.to_string());
        command.arg("--seconds").arg(options.seconds.to_string());
        command.arg("--warmup").arg(options.warmup.to_string());
        Ok(command)
    }

    fn own_command(self, role: &str, options: &RunOptions) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).arg("--workers").arg(options.workers.to_string());
        match self {
            Self::Lapin(LapinMode::Equal) => command.args(["--peer", "lapin", "--lapin-mode", "equal"]),
            Self::Lapin(LapinMode::Tuned) => command.args(["--peer", "lapin", "--lapin-mode", "tuned"]),
            Self::Ours | Self::Python => command.args(["--peer", self.name()]),
        };
        Ok(command)
    }
}

/// `bench server`.
pub(crate) async fn serve(options: ServerOptions) -> Result<()> {
    if options.peer == PeerName::Python {
        return python::serve(&options).await;
    }
    let (url, topic) = (&options.url, &options.topic);
    match options.peer {
        PeerName::Lapin => {
            let _serving = lapin::serve(url, topic, options.lapin_mode).await?;
            wait_for_the_end(&options).await
        }
        PeerName::Ours => {
            let serving = ours::Serving::start(url, topic).await?;
            wait_for_the_end(&options).await?;
            serving.close().await;
            Ok(())
        }
        PeerName::Python | PeerName::All => {
            Err(Error::Usage("`server` serves one peer: ours, lapin or python".to_owned()))
        }
    }
}

/// `bench client`.
pub(crate) async fn load(options: ClientOptions) -> Result<()> {
    let plan = Plan {
        what: options.what,
        inflight: options.inflight,
        size: options.size,
        warmup: seconds(options.warmup)?,
        window: seconds(options.seconds)?,
    };
    let (url, topic) = (&options.url, &options.topic);
    let result = match options.peer {
        PeerName::Lapin => {
            drive(lapin::LapinClient::connect(url, topic, options.lapin_mode).await?, &plan).await?
        }
        PeerName::Ours => drive(ours::OursClient::connect(url, topic).await?, &plan).await?,
        PeerName::Python | PeerName::All => {
            return Err(Error::Usage("`client` loads as one Rust peer: ours or lapin".to_owned()));
        }
    };
    tell(&Event::Result(result))?;
    stop::stdin_closed().await;
    Ok(())
}

async fn wait_for_the_end(options: &ServerOptions) -> Result<()> {
    tell(&Event::Ready)?;
    if options.follow_stdin {
        stop::stdin_closed().await;
        Ok(())
    } else {
        stop::signalled().await
    }
}

fn seconds(value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| Error::Usage(format!("{value} seconds: {error}")))
}
