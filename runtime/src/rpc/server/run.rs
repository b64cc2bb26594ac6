//! One run of a server, from `start` to its end: what its deliveries, handlers and replies share.

use super::backlog::Backlog;
use super::config::Config;
use super::duplicates::Duplicates;
use super::handle::Stopped;
use super::missing::MissingAddresses;
use super::served::Served;
use super::stats::{ServerCounters, ServerStats};
use super::work;
use crate::serving::{Intake, Left, Life, LogLimit, SupervisedRun, after};
use crate::transport::{Consumer, Delivery, Driver, Sink};
use crate::wire::Limits;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long the end of a run waits for the broker to delete and give back what it held.
const CLOSING: Duration = Duration::from_secs(5);

/// How many requests a task takes in a row before it lets others have its thread.
const IN_A_ROW: u32 = 16;

/// Replies that may be with the driver at a time for each slot, and at least, before no slot takes another request. The
/// driver keeps them while the broker takes no messages; the requests behind them are better kept by the broker. Far more
/// than are under way while it does take them.
const REPLIES_A_SLOT: usize = 4;
const LEAST_REPLIES: usize = 256;

/// Replies that the broker has turned away and that wait to be sent again, for each that may be with the driver.
const TURNED_AWAY: usize = 4;

/// Limits on the lines that peers can cause at will; one each, so that a flood of one kind does not hide the others.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    /// Requests that cannot be read or answered.
    pub(crate) requests: LogLimit,
    /// Call monitors too short for signs of life.
    pub(crate) monitors: LogLimit,
    /// Replies that are sent again.
    pub(crate) retries: LogLimit,
    /// Replies that are given up.
    pub(crate) losses: LogLimit,
}

/// A delivery and when it came: its caller's time runs while it waits here.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) delivery: Delivery,
    pub(crate) at: Instant,
}

/// The shared state of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) config: Arc<Config>,
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) limits: Limits,
    pub(crate) reply_retry: Duration,
    /// Whether the broker is asked to say that a reply's queue is missing.
    pub(crate) mandatory_replies: bool,
    /// Where handlers run: the runtime that was current at `start`.
    pub(crate) runtime: Handle,
    pub(crate) counters: ServerCounters,
    pub(crate) duplicates: Duplicates,
    pub(crate) missing: MissingAddresses,
    pub(crate) logs: Logs,
    /// Replies that the broker has turned away.
    pub(crate) backlog: Arc<Backlog>,
    /// Keeps this server's queues from being anybody's reply address.
    _served: Served,
    intake: Intake<Arrival>,
    /// Replies whose outcome is open.
    replies: AtomicUsize,
    /// Those of them that are with the driver; the others wait for their address to appear.
    handed_over: AtomicUsize,
    /// How many of these are too many.
    most_handed_over: usize,
    /// Told when there is room for replies again, and when the stop begins.
    room: Notify,
    pub(crate) life: Life<Stopped>,
}

impl Run {
    pub(crate) fn new(config: Arc<Config>, runtime: Handle) -> Self {
        let options = config.transport.options();
        let driver = Arc::clone(config.transport.driver());
        let most_handed_over = config.concurrency.saturating_mul(REPLIES_A_SLOT).max(LEAST_REPLIES);
        Self {
            mandatory_replies: options.mandatory_replies && driver.capabilities().mandatory,
            driver,
            limits: options.limits,
            reply_retry: config.reply_retry,
            runtime,
            counters: ServerCounters::default(),
            duplicates: Duplicates::default(),
            missing: MissingAddresses::new(config.reply_retry),
            logs: Logs::default(),
            _served: Served::new(&config.target.topic.clone().unwrap_or_default()),
            intake: Intake::new(config.concurrency),
            replies: AtomicUsize::new(0),
            handed_over: AtomicUsize::new(0),
            most_handed_over,
            backlog: Backlog::new(most_handed_over.saturating_mul(TURNED_AWAY)),
            room: Notify::new(),
            life: Life::new(),
            config,
        }
    }

    pub(crate) fn stats(&self) -> ServerStats {
        self.counters.snapshot(self.intake.running(), self.intake.waiting(|_| 1))
    }

    /// Begins the stop; returns at once, and may be called by a handler.
    pub(crate) fn stop(&self) {
        self.life.stop(|| self.intake.close());
        self.room.notify_waiters();
    }

    pub(crate) fn reply_begins(&self) {
        self.replies.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn reply_ends(&self) {
        if self.replies.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.life.idle();
        }
    }

    /// A reply goes to the driver.
    pub(crate) fn reply_leaves(&self) {
        self.handed_over.fetch_add(1, Ordering::SeqCst);
    }

    /// The driver has said what became of it.
    pub(crate) fn reply_settles(&self) {
        if self.handed_over.fetch_sub(1, Ordering::SeqCst) == self.most_handed_over {
            self.room.notify_waiters();
        }
    }

    /// Waits while too many replies are with the driver; not during a stop, after which no slot is handed on.
    async fn room_for_replies(&self) {
        while self.handed_over.load(Ordering::SeqCst) >= self.most_handed_over {
            let mut room = pin!(self.room.notified());
            room.as_mut().enable();
            // Looked at again: what has happened before this wait began told nobody.
            if self.handed_over.load(Ordering::SeqCst) < self.most_handed_over || !self.life.is_running() {
                return;
            }
            room.await;
        }
    }

    fn is_idle(&self) -> bool {
        self.intake.running() == 0 && self.replies.load(Ordering::SeqCst) == 0
    }

    /// Waits for the stop, carries it out and says how it went. Owns the consumer meanwhile.
    pub(crate) async fn supervise(self: Arc<Self>, consumer: Box<dyn Consumer>) {
        self.life.until_stop(self.driver.health()).await;
        self.stop();
        let stopped = self.wind_down(&*consumer).await;
        tracing::info!(server = %self.config.target, ?stopped, "server stopped");
        self.life.end(stopped);
    }

    async fn wind_down(&self, consumer: &dyn Consumer) -> Stopped {
        let Some((since, running)) = self.life.stop_began() else { return Stopped::default() };
        let limit = after(since, self.config.stop_limit);
        // First of all, so that nothing new comes in while the rest is given back.
        let cancelled = tokio::select! {
            () = consumer.cancel() => true,
            () = self.life.no_more_time(limit) => false,
        };
        if !cancelled {
            tracing::warn!(server = %self.config.target, "the broker did not confirm the end of the consumers");
        }
        let mut stopped = Stopped::default();
        for Arrival { delivery, .. } in self.intake.take_waiting() {
            // A fanout's queue is this server's alone and goes with it.
            if self.config.is_fanout(delivery.route) {
                stopped.fanouts_dropped += 1;
            } else {
                stopped.returned_to_queue += 1;
            }
            delivery.ack.reject(true);
        }
        if !self.life.drained(|| self.is_idle(), limit).await {
            stopped.aborted = self.intake.running();
            stopped.unanswered = self.replies.load(Ordering::SeqCst);
            self.intake.abort();
        }
        stopped.finished = running.saturating_sub(stopped.aborted);
        if tokio::time::timeout(CLOSING, consumer.close()).await.is_err() {
            tracing::warn!(server = %self.config.target, "the broker did not confirm the end of the server's queues");
        }
        stopped
    }

    /// Serves one request after the other as long as there is one for this slot.
    async fn occupy(self: Arc<Self>, slot: usize, mut arrival: Arrival) {
        let mut seat = Seat { run: Some(self), slot };
        let mut served = 0_u32;
        while let Some(run) = &seat.run {
            if let Some(serving) = work::begin(run, arrival) {
                serving.await;
            }
            run.room_for_replies().await;
            match run.leave(slot) {
                Some(next) => arrival = next,
                None => {
                    seat.run = None;
                    return;
                }
            }
            served += 1;
            if served.is_multiple_of(IN_A_ROW) {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Lets a task serve `arrival` in `slot`.
    fn seat(self: &Arc<Self>, slot: usize, arrival: Arrival) {
        let task = self.runtime.spawn(Arc::clone(self).occupy(slot, arrival));
        self.intake.occupied(slot, task.abort_handle());
    }

    fn leave(&self, slot: usize) -> Option<Arrival> {
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
        Left { waiting: self.intake.take_waiting().len(), running }
    }

    fn abandoned(&self, left: Left) {
        // What came in between is back in its queue already.
        let returned_to_queue = left.waiting + self.intake.take_waiting().len();
        let unanswered = self.replies.load(Ordering::SeqCst);
        let aborted = left.running;
        let stopped = Stopped { returned_to_queue, aborted, unanswered, ..Stopped::default() };
        tracing::warn!(server = %self.config.target, ?stopped, "server ended with the runtime that it was started on");
        self.life.end(stopped);
    }
}

/// Takes the deliveries of a run where the driver's I/O runs.
pub(crate) struct RequestSink(pub(crate) Arc<Run>);

impl Sink for RequestSink {
    fn deliver(&self, delivery: Delivery) {
        let run = &self.0;
        run.counters.received.add();
        let arrival = Arrival { delivery, at: Instant::now() };
        if let Some((slot, arrival)) = run.intake.admit(arrival) {
            run.seat(slot, arrival);
        }
    }

    /// What waits here unacknowledged is delivered anew, to this server or another: run from here too, it would run twice.
    fn interrupted(&self) {
        let gone = self.0.intake.take_waiting().len();
        if gone > 0 {
            self.0.counters.gone_back.add_many(gone as u64);
            tracing::debug!(server = %self.0.config.target, requests = gone, "waiting requests went back with their connection");
        }
    }
}

/// Gives a slot back when its task is ended from outside, or by a panic of something that a user plugged in.
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
        // A run that is being stopped has no next request; after a panic the line goes on.
        if let Some(next) = run.leave(self.slot) {
            run.seat(self.slot, next);
        }
    }
}
