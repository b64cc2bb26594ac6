//! A server or client process: started, listened to, ended. Never outlives `run`: its standard input ends with us.

use std::process::Stdio;
use std::time::Duration;

use bench_load::{Event, TAIL};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::error::{Error, Result};

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) struct Child {
    who: String,
    process: tokio::process::Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    pid: u32,
}

impl Child {
    pub(crate) fn start(who: String, mut command: Command) -> Result<Self> {
        let program = command.as_std().get_program().into();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|source| Error::Start { program, source })?;
        let ended = || Error::Ended { who: who.clone(), what: "its pipes" };
        let pid = process.id().ok_or_else(ended)?;
        let lines = BufReader::new(process.stdout.take().ok_or_else(ended)?).lines();
        Ok(Self { stdin: process.stdin.take(), who, process, lines, pid })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The next event, which `pick` takes apart; anything else is an error that shows the line.
    pub(crate) async fn expect<T>(
        &mut self,
        what: &'static str,
        limit: Duration,
        pick: impl FnOnce(Event) -> Option<T>,
    ) -> Result<T> {
        let line = timeout(limit, self.lines.next_line())
            .await
            .map_err(|_| Error::Silent { who: self.who.clone(), what, limit })??
            .ok_or_else(|| Error::Ended { who: self.who.clone(), what })?;
        serde_json::from_str(&line).ok().and_then(pick).ok_or(Error::Unexpected {
            who: self.who.clone(),
            what,
            line,
        })
    }

    /// Tells a listener how many notifications there are for it, and lets it say how many it has handled.
    pub(crate) async fn finish(&mut self, sent: u64) -> Result<u64> {
        if let Some(mut stdin) = self.stdin.take() {
            stdin.write_all(sent.to_string().as_bytes()).await?;
        }
        let handled = |event| match event {
            Event::Handled { count } => Some(count),
            _ => None,
        };
        self.expect("its count", TAIL + GRACE, handled).await
    }

    /// Lets the process end, and ends it when it does not.
    pub(crate) async fn close(mut self) -> Result<()> {
        drop(self.stdin.take());
        if timeout(GRACE, self.process.wait()).await.is_err() {
            eprintln!("bench: the {} did not end within {GRACE:?}, killed", self.who);
            self.process.kill().await?;
        }
        Ok(())
    }
}
