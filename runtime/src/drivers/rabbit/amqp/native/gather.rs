//! What waits a moment for others of its kind before it is written: one frame then serves all.
//!
//! The state says that something waits; the I/O task, which alone has a clock, begins to count before it sleeps.

use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::time::Duration;
use tokio::time::Sleep;

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

/// The time that something waits, when it does.
pub(super) struct Delay {
    time: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Delay {
    pub(super) fn of(time: Duration) -> Self {
        Self { time, running: None }
    }

    /// Begins, and has the task woken at the end.
    pub(super) fn begin(&mut self, cx: &mut Context<'_>) {
        let mut sleep = Box::pin(tokio::time::sleep(self.time));
        // Its first look registers it; it is never over before.
        let _ = sleep.as_mut().poll(cx);
        self.running = Some(sleep);
    }

    /// Whether it has just ended.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let over = self.running.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
        if over {
            self.running = None;
        }
        over
    }
}
