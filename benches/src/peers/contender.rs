//! A peer as one run measures it: its name, its promises, and the commands that start its processes.

use serde_json::{Value, json};
use tokio::process::Command;

use super::python;
use crate::broker::is_in_process;
use crate::cli::{LapinMode, OursIo, PeerName, RunOptions, What};
use crate::error::{Error, Result};
use crate::notification::Form;

/// Notifications a second that no Rust listener comes near, in all and for each that is handled at a time.
const MOST_PER_SECOND: usize = 50_000;
const MOST_PER_SECOND_EACH: usize = 10_000;
/// The same over `memory://`, and for Python's.
const MOST_PER_SECOND_IN_PROCESS: usize = 300_000;
const MOST_PER_SECOND_PYTHON: usize = 6_000;
/// What a queue may be filled with, and what each notification takes beside its payload's string.
const MOST_BYTES: usize = 512 << 20;
const OVERHEAD: usize = 500;

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
            Self::Lapin(LapinMode::TunedInRuntime) => "lapin-tuned-in-runtime",
            Self::Lapin(LapinMode::Unconfirmed) => "lapin-unconfirmed",
            Self::Python => "python",
        }
    }

    /// How this peer's notifications stand in a message.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Lapin(_) => Form::Plain,
            Self::Ours(_) | Self::Python => Form::Enveloped,
        }
    }

    /// How many notifications a listener finds: as `--fill` says, else more than this peer has ever handled in the time.
    pub(crate) fn fill(self, options: &RunOptions, inflight: usize) -> usize {
        let per_second = match self {
            Self::Ours(_) if is_in_process(&options.url) => MOST_PER_SECOND_IN_PROCESS,
            Self::Python => MOST_PER_SECOND_PYTHON,
            Self::Ours(_) | Self::Lapin(_) => {
                MOST_PER_SECOND.min(MOST_PER_SECOND_EACH.saturating_mul(inflight))
            }
        };
        let wanted = (options.warmup + options.seconds) * per_second as f64;
        options.fill.unwrap_or_else(|| (wanted as usize).min(MOST_BYTES / (options.size + OVERHEAD)))
    }

    /// What this peer promises for its figures.
    pub(crate) fn guarantees(self, what: What) -> Value {
        if what.is_of_notifications() {
            return self.notification_guarantees();
        }
        match self {
            Self::Lapin(LapinMode::Equal) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply",
            }),
            Self::Ours(_) | Self::Lapin(LapinMode::Tuned | LapinMode::TunedInRuntime) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "requests before dispatch and replies, as many as came together",
            }),
            Self::Lapin(LapinMode::Unconfirmed) => json!({
                "request": "mandatory, unconfirmed", "reply": "mandatory, unconfirmed", "ack": "32 requests at a time, no reply",
            }),
            Self::Python => json!({
                "request": "mandatory (at_least_once), confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply", "executor": "threading",
            }),
        }
    }

    fn notification_guarantees(self) -> Value {
        match self {
            Self::Ours(_) | Self::Lapin(LapinMode::Equal | LapinMode::Tuned | LapinMode::TunedInRuntime) => {
                json!({
                    "notification": "mandatory, confirmed", "ack": "each after its handler",
                })
            }
            Self::Lapin(LapinMode::Unconfirmed) => json!({
                "notification": "mandatory, unconfirmed, awaited into the socket", "ack": "at most 32 notifications at a time",
            }),
            Self::Python => json!({
                "notification": "confirmed", "ack": "each after its handler",
                "executor": "threading", "threads": "as many as in flight, at most 64",
            }),
        }
    }

    /// The command that serves `topic` until its standard input ends.
    pub(crate) fn server_command(self, options: &RunOptions, topic: &str) -> Result<Command> {
        let mut command = self.command("server", options)?;
        command.args(["--follow-stdin", "--url", &options.url, "--topic", topic]);
        command.args(["--what", options.what.name()]);
        Ok(command)
    }

    /// The command that loads `topic`, or listens to its `fill` notifications.
    pub(crate) fn client_command(
        self,
        options: &RunOptions,
        topic: &str,
        inflight: usize,
        fill: usize,
    ) -> Result<Command> {
        let mut command = self.command("client", options)?;
        command.args(["--url", &options.url, "--topic", topic, "--what", options.what.name()]);
        command.arg("--inflight").arg(inflight.to_string());
        command.arg("--fill").arg(fill.to_string());
        command.arg("--size").arg(options.size.to_string());
        command.arg("--seconds").arg(options.seconds.to_string());
        command.arg("--warmup").arg(options.warmup.to_string());
        Ok(command)
    }

    fn command(self, role: &str, options: &RunOptions) -> Result<Command> {
        let peer: &[&str] = match self {
            Self::Python => return Ok(python::command(options.python.as_ref(), role, options.what)),
            Self::Ours(OursIo::Thread) => &["--peer", "ours", "--ours-io", "thread"],
            Self::Ours(OursIo::Runtime) => &["--peer", "ours", "--ours-io", "runtime"],
            Self::Lapin(LapinMode::Equal) => &["--peer", "lapin", "--lapin-mode", "equal"],
            Self::Lapin(LapinMode::Tuned) => &["--peer", "lapin", "--lapin-mode", "tuned"],
            Self::Lapin(LapinMode::TunedInRuntime) => {
                &["--peer", "lapin", "--lapin-mode", "tuned-in-runtime"]
            }
            Self::Lapin(LapinMode::Unconfirmed) => &["--peer", "lapin", "--lapin-mode", "unconfirmed"],
        };
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(role).args(peer).arg("--workers").arg(options.workers.to_string());
        Ok(command)
    }
}
