//! A cast that was not sent yet: options can still change, and it is a future.

use super::invoke::BoxFuture;
use super::options::{CallOptions, option_setters};
use super::prepared::{Prepared, Purpose};
use crate::error::CastError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A pending one-way request: a future of `Result<(), CastError>` that resolves when a queue (for a fanout: the broker)
/// has it.
///
/// Nothing is sent before the first poll; until then the builder methods change how it is sent. Dropping it after the
/// first poll leaves open whether it was sent. Polled again after its end, it stays pending.
#[must_use = "a cast does nothing until it is awaited"]
pub struct Cast {
    state: State,
}

enum State {
    New(Box<Prepared>),
    Sent(BoxFuture<Result<(), CastError>>),
    Done,
}

impl Cast {
    pub(super) fn new(prepared: Box<Prepared>) -> Self {
        Self { state: State::New(prepared) }
    }

    /// A cast that has already been sent.
    pub(super) fn sent() -> Self {
        Self { state: State::Sent(Box::pin(std::future::ready(Ok(())))) }
    }

    option_setters!();

    /// Changes how it is sent. Once it is sent there is nothing left to change.
    fn adjust(mut self, f: impl FnOnce(&mut CallOptions)) -> Self {
        if let State::New(prepared) = &mut self.state {
            f(&mut prepared.options);
        }
        self
    }

    /// Sends to every server of the topic.
    pub fn fanout(self) -> Self {
        self.adjust(|options| options.fanout = Some(true))
    }
}

impl Future for Cast {
    type Output = Result<(), CastError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut sent = match std::mem::replace(&mut self.state, State::Done) {
            State::New(prepared) => match prepared.resolve(Purpose::Cast) {
                Ok(resolved) => resolved.invoke.cast(resolved.invocation),
                Err(reason) => return Poll::Ready(Err(CastError::NotSent(reason))),
            },
            State::Sent(sent) => sent,
            State::Done => return Poll::Pending,
        };
        let poll = sent.as_mut().poll(cx);
        if poll.is_pending() {
            self.state = State::Sent(sent);
        }
        poll
    }
}

impl fmt::Debug for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, method) = match &self.state {
            State::New(prepared) => ("new", prepared.method.as_ref()),
            State::Sent(_) => ("sent", ""),
            State::Done => ("done", ""),
        };
        f.debug_struct("Cast").field("method", &method).field("state", &state).finish_non_exhaustive()
    }
}
