//! One run of a listener, from `start` to its end: what its deliveries and handlers share.

use super::collector::Collector;
use super::config::Config;
use super::copies::Copies;
use super::handle::Stopped;
use super::stats::{ListenerCounters, ListenerStats};
use super::{batch, single};
use crate::serving::{Intake, Left, Life, LogLimit, SupervisedRun, after};
use crate::transport::{Consumer, Delivery, Driver, Sink};
use crate::wire::Limits;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// How long the end of a run waits for the broker to give back what it held.
const CLOSING: Duration = Duration::from_secs(5);

/// How many notifications or batches a task takes in a row before it lets others have its thread.
const IN_A_ROW: u32 = 16;

/// What one slot takes at a time.
#[derive(Debug)]
enum Work {
    One(Delivery),
    Batch(Vec<Delivery>),
}

impl Work {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Batch(deliveries) => deliveries.len(),
        }
    }

    fn into_deliveries(self) -> Vec<Delivery> {
        match self {
            Self::One(delivery) => vec![delivery],
            Self::Batch(deliveries) => deliveries,
        }
    }
}

/// Limits on the lines that peers can cause at will; one each, so that a flood of one kind does not hide the others.
#[derive(Debug, Default)]
pub(super) struct Logs {
    /// Messages that cannot be read or have no priority.
    pub(super) messages: LogLimit,
    /// Handlers that fail.
    pub(super) failures: LogLimit,
    /// Dead letters.
    pub(super) dead: LogLimit,
    /// Messages that cannot be published again.
    pub(super) resends: LogLimit,
}

/// The shared state of a run.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) config: Arc<Config>,
    pub(super) driver: Arc<dyn Driver>,
    pub(super) limits: Limits,
    pub(super) counters: ListenerCounters,
    pub(super) copies: Copies,
    pub(super) logs: Logs,
    pub(super) life: Life<Stopped>,
    /// Where handlers run: the runtime that was current at `start`.
    runtime: Handle,
    intake: Intake<Work>,
    collector: Option<Collector>,
}

impl Run {
    pub(super) fn new(config: Arc<Config>, runtime: Handle) -> Self {
        Self {
            driver: Arc::clone(config.transport.driver()),
            limits: config.transport.options().limits,
            counters: ListenerCounters::default(),
            copies: Copies::default(),
            logs: Logs::default(),
            life: Life::new(),
            runtime,
            intake: Intake::new(config.concurrency),
            collector: config.batching.map(Collector::new),
            config,
        }
    }

    pub(super) fn stats(&self) -> ListenerStats {
        let collected = self.collector.as_ref().map_or(0, Collector::len);
        let waiting = self.intake.waiting(Work::len) + collected;
        self.counters.snapshot(self.intake.running(), waiting)
    }

    /// Begins the stop; returns at once, and may be called by a handler.
    pub(super) fn stop(&self) {
        self.life.stop(|| self.intake.close());
    }

    /// Waits for the stop, carries it out and says how it went. Owns the consumer meanwhile.
    pub(super) async fn supervise(self: Arc<Self>, consumer: Box<dyn Consumer>) {
        self.until_stop().await;
        let stopped = self.wind_down(&*consumer).await;
        tracing::info!(listener = self.config.label, ?stopped, "listener stopped");
        self.life.end(stopped);
    }

    /// Waits until the stop begins.
    async fn until_stop(self: &Arc<Self>) {
        tokio::select! {
            () = self.life.until_stop(self.driver.health()) => {}
            () = self.close_late_batches() => {}
        }
        self.stop();
    }

    /// Never ends.
    async fn close_late_batches(self: &Arc<Self>) {
        let Some(collector) = &self.collector else { return std::future::pending().await };
        loop {
            let batch = collector.late().await;
            self.admit(Work::Batch(batch));
        }
    }

    /// Carries the stop out and says how it went.
    async fn wind_down(&self, consumer: &dyn Consumer) -> Stopped {
        let Some((since, running)) = self.life.stop_began() else { return Stopped::default() };
        let limit = after(since, self.config.stop_limit);
        // First of all, so that nothing new comes in while the rest is given back.
        let cancelled = tokio::select! {
            () = consumer.cancel() => true,
            () = self.life.no_more_time(limit) => false,
        };
        if !cancelled {
            tracing::warn!(
                listener = self.config.label,
                "the broker did not confirm the end of the consumers"
            );
        }
        let mut stopped = Stopped::default();
        for delivery in self.take_waiting() {
            stopped.returned_to_queue += 1;
            delivery.ack.reject(true);
        }
        if !self.life.drained(|| self.intake.running() == 0, limit).await {
            stopped.aborted = self.intake.running();
            self.intake.abort();
        }
        stopped.finished = running.saturating_sub(stopped.aborted);
        if tokio::time::timeout(CLOSING, consumer.close()).await.is_err() {
            tracing::warn!(listener = self.config.label, "the broker did not confirm the end of the channel");
        }
        stopped
    }

    /// What has been delivered and not begun.
    fn take_waiting(&self) -> impl Iterator<Item = Delivery> + use<> {
        let collected = self.collector.as_ref().map(Collector::take).unwrap_or_default();
        self.intake.take_waiting().into_iter().flat_map(Work::into_deliveries).chain(collected)
    }

    fn admit(self: &Arc<Self>, work: Work) {
        if let Some((slot, work)) = self.intake.admit(work) {
            self.seat(slot, work);
        }
    }

    /// Lets a task handle `work` in `slot`.
    fn seat(self: &Arc<Self>, slot: usize, work: Work) {
        let task = self.runtime.spawn(Arc::clone(self).occupy(slot, work));
        self.intake.occupied(slot, task.abort_handle());
    }

    /// Handles one after the other as long as there is one for this slot.
    async fn occupy(self: Arc<Self>, slot: usize, mut work: Work) {
        let mut seat = Seat { run: Some(self), slot };
        let mut handled = 0_u32;
        while let Some(run) = &seat.run {
            match work {
                Work::One(delivery) => single::handle(run, delivery).await,
                Work::Batch(deliveries) => batch::handle(run, deliveries).await,
            }
            match run.leave(slot) {
                Some(next) => work = next,
                None => {
                    seat.run = None;
                    return;
                }
            }
            handled += 1;
            if handled.is_multiple_of(IN_A_ROW) {
                tokio::task::yield_now().await;
            }
        }
    }

    fn leave(&self, slot: usize) -> Option<Work> {
        let next = self.intake.next(slot);
        if next.idle {
            self.life.idle();
        }
        next.item
    }
}

impl SupervisedRun for Run {
    fn has_ended(&self) -> bool {
        self.life.has_ended()
    }

    fn close(&self) -> Left {
        let running = self.intake.running();
        self.stop();
        Left { waiting: self.take_waiting().count(), running }
    }

    fn abandoned(&self, left: Left) {
        // What came in between is back in its queue already.
        let returned_to_queue = left.waiting + self.take_waiting().count();
        let stopped = Stopped { finished: 0, returned_to_queue, aborted: left.running };
        tracing::error!(listener = self.config.label, ?stopped, "the listener ended with its tokio runtime");
        self.life.end(stopped);
    }
}

/// Takes the deliveries of a run where the driver's I/O runs.
pub(super) struct NotificationSink(pub(super) Arc<Run>);

impl Sink for NotificationSink {
    fn deliver(&self, delivery: Delivery) {
        let run = &self.0;
        run.counters.received.add();
        let work = match &run.collector {
            None => Work::One(delivery),
            Some(collector) => match collector.add(delivery) {
                Some(batch) => Work::Batch(batch),
                None => return,
            },
        };
        run.admit(work);
    }

    fn interrupted(&self) {
        // The broker has them back and delivers them anew, to this listener or another.
        drop(self.0.take_waiting());
    }
}

/// Gives a slot back when its task is ended from outside, or by a panic.
struct Seat {
    run: Option<Arc<Run>>,
    slot: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(run) = self.run.take() else { return };
        if run.life.stop_began().is_none() && !std::thread::panicking() {
            // The runtime has gone. Nothing could begin there; the run ends too, and counts this slot among those it left.
            return;
        }
        // A run that is being stopped has nothing next; after a panic of something that a user plugged in the line goes on.
        if let Some(next) = run.leave(self.slot) {
            run.seat(self.slot, next);
        }
    }
}
