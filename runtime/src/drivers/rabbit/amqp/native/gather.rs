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
        let end = Instant::now() + self.time;
        let mut timer = Box::pin(sleep_until(end));
        // Where the thread stood still for a while it is over already, and has registered nobody.
        if timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        (self.end, self.timer) = (Some(end), Some(timer));
    }

    pub(super) fn time(&self) -> Duration {
        self.time
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::task::{Wake, Waker};

    #[derive(Default)]
    struct Wakes(AtomicU32);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// Its thread may stand still for a while just then.
    #[tokio::test(start_paused = true)]
    async fn one_that_is_over_before_its_first_look_is_not_lost() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        let mut delay = Delay::of(Duration::ZERO);
        delay.begin(&mut cx);
        assert_eq!(wakes.0.load(SeqCst), 1, "nobody would look at it");
        assert!(delay.is_running() && delay.is_over(&mut cx));
        assert!(!delay.is_running() && !delay.is_over(&mut cx));
    }

    #[tokio::test(start_paused = true)]
    async fn it_wakes_its_task_at_its_end_also_on_another_runtime() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut cx = Context::from_waker(&waker);
        let mut delay = Delay::of(Duration::from_millis(5));
        delay.begin(&mut cx);
        delay.enter();
        assert!(!delay.is_over(&mut cx));
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(wakes.0.load(SeqCst), 1);
        assert!(delay.is_over(&mut cx));
    }
}
