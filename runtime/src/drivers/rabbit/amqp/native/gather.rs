//! What waits a moment for others of its kind before it is written: one frame then serves all.
//!
//! The state says that something waits; the I/O task, which alone has a clock, begins to count before it sleeps.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// Whether something waits for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Gathering {
    /// The next of its kind need not wait, or is the first that does.
    #[default]
    No,
    /// It does; the I/O task begins to count the time before it sleeps.
    Wanted,
    /// The I/O task wakes up at the end of that time.
    Timed,
}

impl Gathering {
    /// There is something that others may follow.
    pub(super) fn want(&mut self) {
        if *self == Self::No {
            *self = Self::Wanted;
        }
    }

    /// For the I/O task: whether its time begins now.
    pub(super) fn begin(&mut self) -> bool {
        let begins = *self == Self::Wanted;
        if begins {
            *self = Self::Timed;
        }
        begins
    }
}

/// The time that something waits, when it does. Its timer belongs to a runtime.
pub(super) struct Delay {
    time: Duration,
    end: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Delay {
    pub(super) fn of(time: Duration) -> Self {
        Self { time, end: None, timer: None }
    }

    /// One that has begun, and has the task woken from its first look on.
    pub(super) fn begun(time: Duration) -> Self {
        Self { time, end: Some(Instant::now() + time), timer: None }
    }

    /// Begins, and has the task woken at the end.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) {
        self.end = Some(Instant::now() + self.time);
        self.timer = None;
        // The first look registers the timer; it is never over before.
        let _ = self.is_over(cx);
    }

    pub(super) fn is_running(&self) -> bool {
        self.end.is_some()
    }

    /// Whether it has just ended.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(end) = self.end else { return false };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        let over = timer.as_mut().poll(cx).is_ready();
        if over {
            (self.end, self.timer) = (None, None);
        }
        over
    }

    /// From the next look on the current runtime has the timer.
    pub(super) fn enter(&mut self) {
        self.timer = None;
    }
}
