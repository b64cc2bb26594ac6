//! The phases of a run, from its start to its end, and the waits for them.

use super::signals::Signals;
use super::time::after;
use crate::transport::Health;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

/// How far a run is; `S` says how it ended.
#[derive(Debug, Clone, Copy)]
enum Phase<S> {
    Running,
    Stopping { since: Instant, running: usize },
    Stopped(S),
}

/// The life of one run.
#[derive(Debug)]
pub(crate) struct Life<S> {
    phase: watch::Sender<Phase<S>>,
    /// Told when a stopping run may have nothing left to do.
    idle: Notify,
    /// Whether handlers get no more time.
    cut: watch::Sender<bool>,
}

impl<S: Copy + Default> Life<S> {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Running),
            idle: Notify::new(),
            cut: watch::Sender::new(false),
        }
    }

    /// Begins the stop; `close` lets nothing begin any more and says how many handlers run. Once.
    pub(crate) fn stop(&self, close: impl FnOnce() -> usize) {
        self.phase.send_if_modified(|phase| {
            let begins = matches!(phase, Phase::Running);
            if begins {
                *phase = Phase::Stopping { since: Instant::now(), running: close() };
            }
            begins
        });
    }

    /// Gives running handlers no more time.
    pub(crate) fn cut_short(&self) {
        self.cut.send_replace(true);
    }

    /// Something has ended. Costs nothing while nobody waits for it; the waiter looks at the counts again.
    pub(crate) fn idle(&self) {
        self.idle.notify_one();
    }

    /// Waits until the stop begins, or the transport is closed.
    pub(crate) async fn until_stop(&self, mut health: watch::Receiver<Health>) {
        let mut phase = self.phase.subscribe();
        tokio::select! {
            _ = phase.wait_for(|phase| !matches!(phase, Phase::Running)) => {}
            _ = health.wait_for(|health| matches!(health, Health::Closed)) => {}
        }
    }

    /// When the stop began, and how many handlers ran then.
    pub(crate) fn stop_began(&self) -> Option<(Instant, usize)> {
        match *self.phase.borrow() {
            Phase::Stopping { since, running } => Some((since, running)),
            Phase::Running | Phase::Stopped(_) => None,
        }
    }

    /// Waits until nothing is left to do; whether that was before `limit` and nobody has cut it short.
    pub(crate) async fn drained(&self, is_idle: impl Fn() -> bool, limit: Instant) -> bool {
        let idle = async {
            while !is_idle() {
                self.idle.notified().await;
            }
        };
        tokio::select! {
            biased;
            () = idle => true,
            () = self.no_more_time(limit) => false,
        }
    }

    /// Resolves at `limit`, or when handlers are to get no more time.
    pub(crate) async fn no_more_time(&self, limit: Instant) {
        let mut cut = self.cut.subscribe();
        // The sender lives as long as this borrow of it: the wait ends with the word or by the limit.
        let _ = timeout_at(limit, cut.wait_for(|cut| *cut)).await;
    }

    /// The run has ended.
    pub(crate) fn end(&self, stopped: S) {
        self.phase.send_replace(Phase::Stopped(stopped));
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Running)
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(*self.phase.borrow(), Phase::Stopped(_))
    }

    /// Waits for the end. Handlers that still run `limit` after the stop began get no more time.
    pub(crate) async fn wait(&self, limit: Duration) -> S {
        let since = loop {
            match self.next_phase(|phase| !matches!(phase, Phase::Running)).await {
                Phase::Stopped(stopped) => return stopped,
                Phase::Stopping { since, .. } => break since,
                Phase::Running => {}
            }
        };
        match timeout_at(after(since, limit), self.ended()).await {
            Ok(stopped) => stopped,
            Err(_) => {
                self.cut_short();
                self.ended().await
            }
        }
    }

    /// Waits for a signal or the end; a signal calls `stop`, the next gives running handlers no more time.
    pub(crate) async fn until_signal(&self, stop: impl FnOnce()) -> std::io::Result<S> {
        let mut signals = Signals::new()?;
        tokio::select! {
            stopped = self.ended() => return Ok(stopped),
            signal = signals.next() => {
                tracing::info!(signal, "stopping; once more ends running handlers");
                stop();
            }
        }
        tokio::select! {
            stopped = self.ended() => Ok(stopped),
            signal = signals.next() => {
                tracing::warn!(signal, "stopping at once");
                self.cut_short();
                Ok(self.ended().await)
            }
        }
    }

    async fn ended(&self) -> S {
        loop {
            if let Phase::Stopped(stopped) = self.next_phase(|phase| matches!(phase, Phase::Stopped(_))).await
            {
                return stopped;
            }
        }
    }

    async fn next_phase(&self, wanted: impl FnMut(&Phase<S>) -> bool) -> Phase<S> {
        let mut phase = self.phase.subscribe();
        let reached = phase.wait_for(wanted).await.map(|phase| *phase);
        // The sender lives as long as this borrow of it: the wait cannot end without the phase.
        reached.unwrap_or(Phase::Stopped(S::default()))
    }
}
