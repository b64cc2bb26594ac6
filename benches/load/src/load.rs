//! The load: so many messages under way at a time, one in a hundred calls and casts to a queue that does not exist.
//!
//! Knows a peer only as a [`Client`]. What counts as done, how long it took and what failed is kept here, the same for all.

use std::future::Future;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::error::{Error, Result};
use crate::events::{ClientResult, Event, Probes, tell};
use crate::histogram::Histogram;
use crate::plan::{Plan, What};

/// One message in so many goes to a queue that does not exist.
const MISSING_EVERY: u64 = 100;
/// So many failures say enough; a broker that is gone must not make the workers spin.
const ENOUGH_ERRORS: u64 = 1_000;
/// How long messages may go on after the window, and those who handle them may take for what they still have.
pub const TAIL: Duration = Duration::from_secs(30);

/// Where a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Queue {
    /// The queue of the server.
    Served,
    /// No such queue: the message must come back as unroutable.
    Missing,
}

/// Why a message failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The broker found no queue, in its words.
    #[error("came back as unroutable: {0}")]
    Unroutable(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A client of a peer.
pub trait Client: Send + Sync + 'static {
    /// Sends `data` and waits for its end: a call's echo, else the broker's answer for it if this peer waits for that.
    fn send(&self, queue: Queue, data: &str) -> impl Future<Output = Result<(), Failure>> + Send;
    /// How many casts or notifications were handled; none where nobody here can tell.
    fn handled(&self) -> impl Future<Output = Result<Option<u64>, Failure>> + Send;
    /// Whether a message to [`Queue::Missing`] can fail as unroutable; a framework without names for its servers has no such.
    fn knows_unroutable(&self) -> bool {
        true
    }
    /// What becomes of a notification that finds no queue, tried when the load is over; none where there is nothing to show.
    fn probe_afterwards(&self) -> impl Future<Output = Result<Option<Probes>>> + Send {
        async { Ok(None) }
    }
}

const WARMING: u8 = 0;
const MEASURING: u8 = 1;
const ENDING: u8 = 2;

struct Load<C> {
    client: C,
    what: What,
    data: String,
    phase: AtomicU8,
    sequence: AtomicU64,
    latency: Histogram,
    /// Successes since the start, and those of the window.
    sent: AtomicU64,
    done: AtomicU64,
    errors: AtomicU64,
    first_error: OnceLock<String>,
    missing: AtomicU64,
    unroutable: AtomicU64,
}

/// Puts the load on, tells when the window opens and closes, and returns the figures.
///
/// # Errors
/// A peer that does not say how many messages it has handled. Messages that fail are counted.
pub async fn drive<C: Client>(client: C, plan: &Plan) -> Result<ClientResult> {
    let load = Arc::new(Load::new(client, plan));
    let mut workers = JoinSet::new();
    for _ in 0..plan.inflight {
        workers.spawn(work(load.clone()));
    }
    sleep(plan.warmup).await;

    let handled_before = load.handled().await?;
    tell(&Event::Start)?;
    let opened = Instant::now();
    load.phase.store(MEASURING, Relaxed);
    sleep(plan.window).await;
    load.phase.store(ENDING, Relaxed);
    // A cast is done when it is handled, so the window of casts ends when the server has seen those before this question.
    let handled_after = load.handled().await?;
    let seconds = opened.elapsed().as_secs_f64();
    tell(&Event::End)?;

    let finished = timeout(TAIL, async { while workers.join_next().await.is_some() {} }).await;
    if finished.is_err() {
        load.failed(workers.len() as u64, || format!("no answer within {TAIL:?} after the window"));
    }
    load.wait_for_handling().await?;
    let unroutable = match plan.what {
        What::Notify | What::Listen => load.client.probe_afterwards().await?,
        What::Call | What::Cast | What::Fanout => load.probes_meanwhile().then(|| load.probes()),
    };
    Ok(load.result(seconds, handled_after - handled_before, unroutable))
}

async fn work<C: Client>(load: Arc<Load<C>>) {
    // Beside the load, not in its place: a peer that learns late of a return would lose rate for it.
    let mut probes = JoinSet::new();
    while load.phase.load(Relaxed) != ENDING && load.errors.load(Relaxed) < ENOUGH_ERRORS {
        if load.probes_meanwhile() && load.sequence.fetch_add(1, Relaxed).is_multiple_of(MISSING_EVERY) {
            load.missing.fetch_add(1, Relaxed);
            while probes.try_join_next().is_some() {}
            probes.spawn(probe(load.clone()));
        }
        let begun = Instant::now();
        match load.client.send(Queue::Served, &load.data).await {
            Ok(()) => load.succeeded(begun),
            Err(failure) => load.failed(1, || failure.to_string()),
        }
    }
    while probes.join_next().await.is_some() {}
}

async fn probe<C: Client>(load: Arc<Load<C>>) {
    match load.client.send(Queue::Missing, &load.data).await {
        Err(Failure::Unroutable(_)) => {
            load.unroutable.fetch_add(1, Relaxed);
        }
        outcome => {
            load.failed(1, || format!("a message to a queue that does not exist ended as {outcome:?}"))
        }
    }
}

impl<C: Client> Load<C> {
    fn new(client: C, plan: &Plan) -> Self {
        Self {
            client,
            what: plan.what,
            data: "x".repeat(plan.size),
            phase: AtomicU8::new(WARMING),
            sequence: AtomicU64::new(0),
            latency: Histogram::new(),
            sent: AtomicU64::new(0),
            done: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            first_error: OnceLock::new(),
            missing: AtomicU64::new(0),
            unroutable: AtomicU64::new(0),
        }
    }

    /// Whether messages that find no queue go out beside the others. A notifier makes the queues that it sends to, and
    /// nobody need hear a fanout.
    fn probes_meanwhile(&self) -> bool {
        matches!(self.what, What::Call | What::Cast) && self.client.knows_unroutable()
    }

    fn probes(&self) -> Probes {
        Probes { sent: self.missing.load(Relaxed), returned: self.unroutable.load(Relaxed) }
    }

    fn succeeded(&self, begun: Instant) {
        self.sent.fetch_add(1, Relaxed);
        if self.phase.load(Relaxed) == MEASURING {
            self.done.fetch_add(1, Relaxed);
            self.latency.record(begun.elapsed().as_micros() as u64);
        }
    }

    fn failed(&self, count: u64, why: impl FnOnce() -> String) {
        self.errors.fetch_add(count, Relaxed);
        self.first_error.get_or_init(why);
    }

    /// How many casts were handled; 0 where that is no part of the rate.
    async fn handled(&self) -> Result<u64> {
        if self.what.is_done_when_handled() { Ok(self.ask_handled().await?.unwrap_or(0)) } else { Ok(0) }
    }

    async fn ask_handled(&self) -> Result<Option<u64>> {
        let handled = self.client.handled().await;
        handled.map_err(|failure| Error::Peer(format!("asking how many were handled: {failure}")))
    }

    /// Every cast and notification that the broker confirmed must have been handled.
    async fn wait_for_handling(&self) -> Result<()> {
        if self.what == What::Call {
            return Ok(());
        }
        let sent = self.sent.load(Relaxed) * self.what.copies();
        let begun = Instant::now();
        while let Some(handled) = self.ask_handled().await?
            && handled < sent
        {
            if begun.elapsed() > TAIL {
                self.failed(sent - handled, || format!("{} were sent and never handled", sent - handled));
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    fn result(&self, seconds: f64, handled: u64, unroutable: Option<Probes>) -> ClientResult {
        ClientResult {
            seconds,
            done: if self.what.is_done_when_handled() {
                handled / self.what.copies()
            } else {
                self.done.load(Relaxed)
            },
            p50_us: Some(self.latency.quantile(0.5)),
            p99_us: Some(self.latency.quantile(0.99)),
            sent: self.sent.load(Relaxed),
            errors: self.errors.load(Relaxed),
            first_error: self.first_error.get().cloned(),
            unroutable,
        }
    }
}
