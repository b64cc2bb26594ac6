//! The commands that start the processes of a measurement.

use std::path::PathBuf;

use tokio::process::Command;

use super::{Contender, python};
use crate::broker::Site;
use crate::case::Case;
use crate::cli::{LapinMode, OursMode, Rig};
use crate::error::Result;

/// Notifications a second that no Rust listener comes near, in all and for each that is handled at a time.
const MOST_PER_SECOND: usize = 80_000;
const MOST_PER_SECOND_EACH: usize = 10_000;
/// The same over `memory://`, and for Python's.
const MOST_PER_SECOND_IN_PROCESS: usize = 300_000;
const MOST_PER_SECOND_PYTHON: usize = 6_000;
/// What a queue may be filled with, and what each notification takes beside its payload's string.
const MOST_BYTES: usize = 512 << 20;
const OVERHEAD: usize = 500;

/// How many notifications a listener finds: as `--fill` says, else more than its peer has ever handled in the time.
pub(crate) fn fill_of(case: &Case, rig: &Rig) -> usize {
    let per_second = match case.contender {
        _ if case.is_in_process() => MOST_PER_SECOND_IN_PROCESS,
        Contender::Python => MOST_PER_SECOND_PYTHON,
        _ => MOST_PER_SECOND.min(MOST_PER_SECOND_EACH.saturating_mul(case.inflight)),
    };
    let wanted = (rig.warmup + rig.seconds) * per_second as f64;
    rig.tools.fill.unwrap_or_else(|| (wanted as usize).min(MOST_BYTES / (case.size + OVERHEAD)))
}

/// The command that serves `site` until its standard input ends.
pub(crate) fn server_command(case: &Case, rig: &Rig, site: &Site) -> Result<Command> {
    let mut command = command("server", case, rig, site)?;
    command.args(["--follow-stdin", "--what", case.what.name()]);
    Ok(command)
}

/// The command that loads `site`, or listens to its `fill` notifications.
pub(crate) fn client_command(case: &Case, rig: &Rig, site: &Site, fill: usize) -> Result<Command> {
    let mut command = command("client", case, rig, site)?;
    command.args(["--what", case.what.name()]);
    command.arg("--inflight").arg(case.inflight.to_string());
    command.arg("--size").arg(case.size.to_string());
    command.arg("--seconds").arg(rig.seconds.to_string());
    command.arg("--warmup").arg(rig.warmup.to_string());
    if case.framework().is_none() {
        command.arg("--fill").arg(fill.to_string());
    }
    Ok(command)
}

fn command(role: &str, case: &Case, rig: &Rig, site: &Site) -> Result<Command> {
    let mut command = match case.contender {
        Contender::Python => python::command(rig.tools.python.as_ref(), role, case.what),
        Contender::Framework(framework) => {
            let mut command = Command::new(peers_bin(rig));
            command.args([role, "--peer", framework.name()]);
            command
        }
        Contender::Ours(_) | Contender::Lapin(_) => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg(role).args(peer(case.contender));
            command
        }
    };
    if case.contender != Contender::Python {
        command.arg("--workers").arg(rig.tools.workers.to_string());
    }
    if case.framework().is_none() {
        command.args(["--topic", &site.topic]);
        if site.durable {
            command.arg("--durable");
        }
    }
    command.args(["--url", &site.url]);
    Ok(command)
}

fn peer(contender: Contender) -> &'static [&'static str] {
    match contender {
        Contender::Ours(OursMode::Thread) => &["--peer", "ours", "--ours-mode", "thread"],
        Contender::Ours(OursMode::Runtime) => &["--peer", "ours", "--ours-mode", "runtime"],
        Contender::Ours(OursMode::Unconfirmed) => &["--peer", "ours", "--ours-mode", "unconfirmed"],
        Contender::Lapin(LapinMode::Equal) => &["--peer", "lapin", "--lapin-mode", "equal"],
        Contender::Lapin(LapinMode::RepliesUnacked) => {
            &["--peer", "lapin", "--lapin-mode", "replies-unacked"]
        }
        Contender::Lapin(LapinMode::Tuned) => &["--peer", "lapin", "--lapin-mode", "tuned"],
        Contender::Lapin(LapinMode::TunedInRuntime) => {
            &["--peer", "lapin", "--lapin-mode", "tuned-in-runtime"]
        }
        Contender::Lapin(LapinMode::Unconfirmed) => &["--peer", "lapin", "--lapin-mode", "unconfirmed"],
        Contender::Python | Contender::Framework(_) => &[],
    }
}

/// The program with the other frameworks.
pub(crate) fn peers_bin(rig: &Rig) -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers/target/release/bench-peers");
    rig.tools.peers_bin.clone().unwrap_or_else(built)
}
