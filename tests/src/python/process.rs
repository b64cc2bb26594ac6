//! A Python process: commands in, events out, its log kept for the report of a failure.

use crate::environment::{package_folder, required};
use crate::journal::Journal;
use serde_json::{Value, json};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Mutex;

/// How long a peer may take for what takes it milliseconds on an idle machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// A running peer. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Process {
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    events: Journal<Value>,
    log: Journal<String>,
    last_mark: AtomicU64,
}

impl Process {
    /// Starts `script` of `tests/python` and waits for its `ready`.
    pub(super) async fn start(script: &str, specification: &Value) -> Self {
        let folder = package_folder("python");
        let mut child = Command::new(required("OSLO_TEST_PYTHON"))
            .arg(folder.join(script))
            .arg(specification.to_string())
            .env("PYTHONPATH", &folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONWARNINGS", "ignore")
            .env("OSLO_LOCK_PATH", std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the Python of OSLO_TEST_PYTHON starts");
        let (events, log) = (Journal::new(), Journal::new());
        let stdin = child.stdin.take();
        tokio::spawn(read_events(child.stdout.take().unwrap(), events.clone(), log.clone()));
        tokio::spawn(read_log(child.stderr.take().unwrap(), log.clone()));
        let (child, stdin) = (Mutex::new(child), Mutex::new(stdin));
        let process = Self { child, stdin, events, log, last_mark: AtomicU64::new(0) };
        process.event("ready", |event| (event["event"] == "ready").then_some(())).await;
        process
    }

    /// All events so far.
    pub(super) fn events(&self) -> &Journal<Value> {
        &self.events
    }

    /// Those of the events that `wanted` takes, up to now: none that it has told before is still on its way.
    pub(super) async fn matching(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let id = self.last_mark.fetch_add(1, Ordering::Relaxed) + 1;
        self.command(&json!({"op": "mark", "id": id})).await;
        // It comes through the same pipe, behind them.
        let mark = |event: &Value| (event["event"] == "mark" && event["id"] == id).then_some(());
        self.event("the Python peer's mark", mark).await;
        self.events.matching(wanted)
    }

    /// What it has logged so far.
    pub(super) fn log(&self) -> Vec<String> {
        self.log.all()
    }

    /// The first event, already there or to come, from which `pick` makes a value.
    pub(super) async fn event<R>(&self, what: &str, pick: impl Fn(&Value) -> Option<R>) -> R {
        self.event_within(PATIENCE, what, pick).await
    }

    /// The same for something that may take long by itself.
    pub(super) async fn event_within<R>(
        &self,
        patience: Duration,
        what: &str,
        pick: impl Fn(&Value) -> Option<R>,
    ) -> R {
        let ended = |event: &Value| (event["event"] == "ended").then_some(None);
        let wanted = |event: &Value| pick(event).map(Some).or_else(|| ended(event));
        match self.events.next(patience, what, wanted).await {
            Some(found) => found,
            None => panic!("{what}: the Python peer ended; its log:\n{}", self.log().join("\n")),
        }
    }

    /// Sends one command.
    pub(super) async fn command(&self, command: &Value) {
        let mut stdin = self.stdin.lock().await;
        let pipe = stdin.as_mut().expect("the peer was not told to end");
        let line = format!("{command}\n");
        if let Err(error) = pipe.write_all(line.as_bytes()).await {
            panic!("the Python peer takes no command ({error}); its log:\n{}", self.log().join("\n"));
        }
    }

    /// Ends it by the end of its input, and waits until it is gone.
    pub(super) async fn finish(&self) {
        *self.stdin.lock().await = None;
        let gone = async { self.child.lock().await.wait().await };
        let status = crate::wait::within(PATIENCE, "the Python peer ends", gone).await.expect("a status");
        assert!(status.success(), "the Python peer ended with {status}; its log:\n{}", self.log().join("\n"));
    }

    /// Ends it with SIGKILL, and waits until it is gone.
    pub(super) async fn kill(&self) {
        self.child.lock().await.kill().await.expect("the peer can be killed");
    }
}

async fn read_events(from: impl AsyncRead + Unpin, events: Journal<Value>, log: Journal<String>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(event) => events.push(event),
            Err(error) => log.push(format!("not an event ({error}): {line}")),
        }
    }
    events.push(json!({"event": "ended"}));
}

async fn read_log(from: impl AsyncRead + Unpin, log: Journal<String>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.push(line);
    }
}
