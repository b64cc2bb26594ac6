//! What is asked of a listener: how many it handles in a window, or to handle so many and then end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use bench_load::{ClientResult, Event, Plan, TAIL, stdin_closed, tell};
use tokio::time::{Duration, sleep};

use crate::error::Result;

/// How many notifications a listener has handled.
#[derive(Clone, Default)]
pub(crate) struct Handled(Arc<AtomicU64>);

impl Handled {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Counts what a listener that runs handles in the window.
pub(crate) async fn observe(handled: &Handled, plan: &Plan) -> Result<ClientResult> {
    sleep(plan.warmup).await;
    tell(&Event::Start)?;
    let (opened, before) = (Instant::now(), handled.get());
    sleep(plan.window).await;
    let (seconds, after) = (opened.elapsed().as_secs_f64(), handled.get());
    tell(&Event::End)?;
    Ok(ClientResult {
        seconds,
        done: after - before,
        p50_us: None,
        p99_us: None,
        sent: 0,
        errors: 0,
        first_error: None,
        unroutable: None,
    })
}

/// Until whoever started this process has said how many there are and they are handled, or do not come.
pub(crate) async fn finish(handled: &Handled) -> Result<()> {
    let expected = stdin_closed().await.trim().parse().unwrap_or(0);
    let told = Instant::now();
    while handled.get() < expected && told.elapsed() < TAIL {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(tell(&Event::Handled { count: handled.get() })?)
}
