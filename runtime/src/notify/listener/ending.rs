//! The end of a run, however it comes: in order, or with the tokio runtime that the listener was started on.

use super::handle::Stopped;
use super::run::Run;
use crate::transport::Consumer;
use std::sync::Arc;

/// What keeps a run going. Dropped with its runtime before the run has ended, it ends the run: nobody is left waiting for it.
pub(super) struct Ending {
    run: Arc<Run>,
    /// There until the end; its drop gives back what is not acknowledged.
    consumer: Option<Box<dyn Consumer>>,
}

impl Ending {
    pub(super) fn new(run: Arc<Run>, consumer: Box<dyn Consumer>) -> Self {
        Self { run, consumer: Some(consumer) }
    }

    /// Waits for the stop, carries it out and says how it went.
    pub(super) async fn supervise(self) {
        let (run, Some(consumer)) = (&self.run, &self.consumer) else { return };
        run.until_stop().await;
        let stopped = run.wind_down(&**consumer).await;
        tracing::info!(listener = run.config.label, ?stopped, "listener stopped");
        run.life.end(stopped);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let run = &self.run;
        if run.life.has_ended() {
            return;
        }
        run.stop();
        let aborted = run.life.stop_began().map_or(0, |(_, running)| running);
        let stopped = Stopped { finished: 0, returned_to_queue: run.take_waiting().count(), aborted };
        drop(self.consumer.take());
        // What came in between.
        drop(run.take_waiting());
        tracing::error!(listener = run.config.label, ?stopped, "the listener ended with its tokio runtime");
        run.life.end(stopped);
    }
}
