//! Keeps panics of handlers from ending anything but the handling of their notification.

use crate::contract::{BoxFuture, panic_text};
use crate::notify::Outcome;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs what a user wrote; a panic becomes its text.
pub(super) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic leaves half changed is the handler's own, as after a panic in any thread that shares it.
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| format!("panicked: {}", panic_text(&*panic)))
}

/// A handler's work that never panics; a panic is a failure.
pub(super) struct Guarded(Option<BoxFuture<Outcome>>);

impl Guarded {
    pub(super) fn new(work: BoxFuture<Outcome>) -> Self {
        Self(Some(work))
    }
}

impl Future for Guarded {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let outcome = match catch(|| work.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => outcome,
            Err(cause) => Outcome::Failed(cause),
        };
        // Its drop is the user's too.
        let work = self.0.take();
        Poll::Ready(match (catch(move || drop(work)), outcome) {
            (Err(cause), Outcome::Handled) => Outcome::Failed(cause),
            (_, outcome) => outcome,
        })
    }
}
