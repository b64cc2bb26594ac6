//! A peer as one run measures it: its name, its promises, and the commands that start its processes.

use serde_json::{Value, json};
use tokio::process::Command;

use super::python;
use crate::broker::is_in_process;
use crate::cli::{LapinMode, OursIo, PeerName, RunOptions};
use crate::error::{Error, Result};

/// A peer as one run measures it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contender {
    Ours(OursIo),
    Lapin(LapinMode),
    Python,
}

impl Contender {
    /// The peers that the options name, each once, in the options' order.
    pub(crate) fn from_options(options: &RunOptions) -> Result<Vec<Self>> {
        let mut contenders = Vec::new();
        for name in &options.peers {
            let ours = options.ours_io.iter().map(|io| Self::Ours(*io));
            let lapin = options.lapin_mode.iter().map(|mode| Self::Lapin(*mode));
            match name {
                PeerName::Ours => contenders.extend(ours),
                PeerName::Lapin => contenders.extend(lapin),
                PeerName::Python => contenders.push(Self::Python),
                PeerName::All => contenders.extend(ours.chain(lapin).chain([Self::Python])),
            }
        }
        let mut once = Vec::new();
        contenders.retain(|contender| {
            !once.contains(contender) && {
                once.push(*contender);
                true
            }
        });
        if is_in_process(&options.url)
            && contenders.iter().any(|contender| !matches!(contender, Self::Ours(_)))
        {
            return Err(Error::Usage("only `--peer ours` can be measured over memory://".to_owned()));
        }
        Ok(contenders)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours(OursIo::Thread) => "ours",
            Self::Ours(OursIo::Runtime) => "ours-in-runtime",
            Self::Lapin(LapinMode::Equal) => "lapin",
            Self::Lapin(LapinMode::Tuned) => "lapin-tuned",
            Self::Python => "python",
        }
    }

    /// What this peer promises for its figures.
    pub(crate) fn guarantees(self) -> Value {
        match self {
            Self::Ours(_) | Self::Lapin(LapinMode::Equal) => json!({
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
        let mut command = self.command("server", options)?;
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
        let mut command = self.command("client", options)?;
        command.args(["--url", &options.url, "--topic", topic, "--what", options.what.name()]);
        command.arg("--inflight").arg(inflight.to_string());
        command.arg("--size").arg(options.size.to_string());
        command.arg("--seconds").arg(options.seconds.to_string());
        command.arg("--warmup").arg(options.warmup.to_string());
        Ok(command)
    }

    fn command(self, role: &str, options: &RunOptions) -> Result<Command> {
        let peer: &[&str] = match self {
            Self::Python => return Ok(python::command(options.python.as_ref(), role)),
            Self::Ours(OursIo::Thread) => &["--peer", "ours", "--ours-io", "thread"],
            Self::Ours(OursIo::Runtime) => &["--peer", "ours", "--ours-io", "runtime"],
            Self::Lapin(LapinMode::Equal) => &["--peer", "lapin", "--lapin-mode", "equal"],
            Self::Lapin(LapinMode::Tuned) => &["--peer", "lapin", "--lapin-mode", "tuned"],
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).args(peer).arg("--workers").arg(options.workers.to_string());
        Ok(command)
    }
}
