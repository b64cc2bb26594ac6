//! What stands between a handler and its server: panics, those of a serializer too, become answers, errors become log lines,
//! results pass the serializer.

use super::endpoint::Reply;
use super::invoke::BoxFuture;
use super::refusal::{Refusal, internal_error};
use super::serializer::Serializer;
use crate::context::Context;
use crate::error::RejectionKind;
use crate::log_limit::LogLimit;
use crate::wire::short;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

/// A handler's future that never panics.
pub(super) struct Guard {
    /// Gone once it has ended.
    handler: Option<BoxFuture<Reply>>,
    context: Context,
    serializer: Option<Arc<dyn Serializer>>,
}

impl Guard {
    pub(super) fn new(
        handler: BoxFuture<Reply>,
        context: Context,
        serializer: Option<Arc<dyn Serializer>>,
    ) -> Self {
        Self { handler: Some(handler), context, serializer }
    }

    fn end(&self, reply: Reply) -> Reply {
        let reply = match (reply, &self.serializer) {
            (Reply::Result(value), Some(serializer)) => {
                match catch(&self.context, || serializer.serialize_entity(&self.context, value)) {
                    Ok(Ok(value)) => Reply::Result(value),
                    Ok(Err(cause)) => Reply::Internal { failure: internal_error(), cause },
                    Err(panicked) => return panicked.into(),
                }
            }
            (reply, _) => reply,
        };
        log_reply(&self.context, &reply);
        reply
    }

    /// Ends the handler, whose drop may panic too.
    fn drop_handler(&mut self) {
        if let Some(handler) = self.handler.take() {
            let _ = catch(&self.context, move || drop(handler));
        }
    }
}

impl Future for Guard {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Reply> {
        let this = &mut *self;
        let Some(handler) = &mut this.handler else { return Poll::Pending };
        let reply = match catch(&this.context, || handler.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(reply)) => this.end(reply),
            Err(panicked) => panicked.into(),
        };
        this.drop_handler();
        Poll::Ready(reply)
    }
}

/// Runs what a user wrote; a panic becomes an answer, after it was logged.
pub(super) fn catch<T>(context: &Context, f: impl FnOnce() -> T) -> Result<T, Panicked> {
    // What a panic leaves half changed is the handler's own: the request is dropped and answered, the service behind its
    // `Arc` is in the same state as after a panic in any thread that shares it.
    catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
        let cause = format!("panicked: {}", panic_text(panic.as_ref()));
        tracing::error!(method = short(context.method()), message_id = %message_id(context), "handler {cause}");
        Panicked { cause }
    })
}

/// A handler panicked; it was logged.
pub(super) struct Panicked {
    cause: String,
}

impl From<Panicked> for Reply {
    fn from(panicked: Panicked) -> Self {
        Self::Internal { failure: internal_error(), cause: panicked.cause }
    }
}

/// What a panic says, if it says something.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no text")
}

fn log_reply(context: &Context, reply: &Reply) {
    let (method, id) = (short(context.method()), message_id(context));
    match reply {
        Reply::Result(_) => {}
        Reply::Declared(failure) => {
            tracing::debug!(method, message_id = %id, class = failure.class, "answered with a declared error");
        }
        Reply::Internal { failure, cause } => {
            tracing::error!(method, message_id = %id, class = failure.class, "handler failed: {cause}");
        }
    }
}

pub(super) fn log_refusal(context: &Context, refusal: &Refusal, limit: &LogLimit) {
    let (method, id, kind) = (short(context.method()), message_id(context), refusal.kind.as_str());
    // Python's convention for probes: callers ask for such a method without knowing that it exists.
    if refusal.kind == RejectionKind::NoSuchMethod && context.method().ends_with("_ignore_errors") {
        tracing::debug!(method, message_id = %id, kind, "refused: {}", refusal.loggable());
    } else if let Some(unlogged) = limit.pass() {
        tracing::warn!(method, message_id = %id, kind, unlogged, "refused: {}", refusal.loggable());
    }
}

fn message_id(context: &Context) -> &str {
    context.delivery().and_then(|delivery| delivery.message_id.as_ref()).map_or("none", |id| id.as_str())
}
