//! Signs of life of a running handler, for callers that monitor it.

use super::reply::{Content, ReplyTo, encode};
use super::run::Run;
use crate::serving::after;
use crate::transport::PublishError;
use crate::wire::short;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval_at};

/// Sends signs of life until it is dropped.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    task: JoinHandle<()>,
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// How often a caller that gives up after `silence` hears from us: twice in that time, in Python's whole seconds. None
/// below a second, as Python.
fn interval_for(silence: Duration) -> Option<Duration> {
    let interval = Duration::from_secs(silence.as_secs()) / 2;
    (interval >= Duration::from_secs(1)).then_some(interval)
}

impl Heartbeat {
    /// Begins, if the caller asked for it in terms that can be met.
    pub(crate) fn begin(run: &Arc<Run>, to: &ReplyTo, silence: Option<Duration>) -> Option<Self> {
        let silence = silence.filter(|silence| !silence.is_zero())?;
        let Some(interval) = interval_for(silence) else {
            if let Some(unlogged) = run.logs.monitors.pass() {
                tracing::warn!(
                    message_id = short(&to.message_id), monitor = ?silence, unlogged,
                    "the caller's call monitor timeout is below 2 s, too short for signs of life; none are sent"
                );
            }
            return None;
        };
        // A task of its own: a handler that computes for a while without an await must not fall silent.
        let task = run.runtime.spawn(beat(Arc::clone(run), to.clone(), interval));
        Some(Self { task })
    }
}

async fn beat(run: Arc<Run>, to: ReplyTo, interval: Duration) {
    let unroutable = Arc::new(AtomicBool::new(false));
    let mut ticks = interval_at(after(Instant::now(), interval), interval);
    loop {
        ticks.tick().await;
        if unroutable.load(Ordering::Relaxed) {
            // The caller is gone; the final reply finds out for itself.
            return;
        }
        let Ok(mut message) = encode(&run, &to, &Content::Heartbeat) else { return };
        message.deadline = Some(after(Instant::now(), interval).into_std());
        let returned = Arc::clone(&unroutable);
        run.driver.publish(
            message,
            Box::new(move |settled| {
                if matches!(settled, Err(PublishError::Returned { .. })) {
                    returned.store(true, Ordering::Relaxed);
                }
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_pythons() {
        for (silence, interval) in
            [(0.5, None), (1.0, None), (1.9, None), (2.0, Some(1.0)), (3.0, Some(1.5)), (3.9, Some(1.5))]
        {
            let expected = interval.map(Duration::from_secs_f64);
            assert_eq!(interval_for(Duration::from_secs_f64(silence)), expected, "{silence}");
        }
    }
}
