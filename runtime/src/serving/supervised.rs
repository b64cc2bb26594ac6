//! Keeps a run from outliving the task that is to end it: a task ends without a word when its runtime does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A run that one task brings to its end.
pub(crate) trait Run: Send + Sync + 'static {
    /// Whether it has come to its end.
    fn has_ended(&self) -> bool;

    /// Lets nothing begin any more, and takes what has come and not begun. The consumer's end gives that back to its queue.
    fn close(&self) -> Left;

    /// The task is gone, and what it held, such as the consumer. Ends the run at once.
    fn abandoned(&self, left: Left);
}

/// What a run leaves behind that ends with its runtime.
pub(crate) struct Left {
    pub(crate) waiting: usize,
    pub(crate) running: usize,
}

/// `task`, which ends `run`; however it ends, run to its end or dropped, the run does not go on without it.
pub(crate) fn supervised<R: Run>(
    run: Arc<R>,
    task: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send {
    Supervised { run, task: Some(Box::pin(task)) }
}

struct Supervised<R: Run> {
    run: Arc<R>,
    /// There until the end.
    task: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<R: Run> Future for Supervised<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.task.as_mut().map_or(Poll::Ready(()), |task| task.as_mut().poll(cx))
    }
}

impl<R: Run> Drop for Supervised<R> {
    fn drop(&mut self) {
        if self.run.has_ended() {
            return;
        }
        // First of all: what comes in while the consumer goes would only be begun on a runtime that is gone.
        let left = self.run.close();
        self.task = None;
        self.run.abandoned(left);
    }
}
