//! Keeps a run from outliving the task that is to end it: a task ends without a word when its runtime does.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A run that one task brings to its end.
pub(crate) trait Run: Send + Sync + 'static {
    /// The task is gone. Ends the run at once, unless the task has done that.
    fn abandoned(&self);
}

/// `task`, which ends `run`; however it ends, run to its end or dropped, the run does not go on without it.
pub(crate) fn supervised<R: Run>(
    run: Arc<R>,
    task: impl Future<Output = ()> + Send + 'static,
) -> impl Future<Output = ()> + Send {
    // In this order they are dropped: what the task holds, such as the consumer, is gone when the run is told.
    Supervised { task: Box::pin(task), _end: End(run) }
}

struct Supervised<R: Run> {
    task: Pin<Box<dyn Future<Output = ()> + Send>>,
    _end: End<R>,
}

impl<R: Run> Future for Supervised<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.task.as_mut().poll(cx)
    }
}

struct End<R: Run>(Arc<R>);

impl<R: Run> Drop for End<R> {
    fn drop(&mut self) {
        self.0.abandoned();
    }
}
