//! A call that was not sent yet: options can still change, and it is a future.

use super::cast::Cast;
use super::invoke::{Answer, BoxFuture};
use super::options::{CallOptions, option_setters};
use super::prepared::{Prepared, Purpose};
use super::serializer::Serializer;
use crate::context::Context;
use crate::error::{BadReply, CallError, CallFault, RequestInfo, RpcError};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::target::Target;
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Instant;

/// A pending call of a method that returns `O`, a `Result<T, E>`: a future of `Result<T, CallError<E>>`.
///
/// Nothing is sent before the first poll; until then the builder methods change how it is sent. It borrows nothing, so it
/// can be spawned, joined and timed out like any future. Dropping it gives the call up: the reply, if one comes, is
/// thrown away, while the method may still run. Polled again after its answer, it stays pending.
///
/// ```
/// use oslo_messaging::testing::block_on;
/// use oslo_messaging::{Context, endpoint};
/// use std::convert::Infallible;
/// use std::time::Duration;
///
/// #[endpoint(version = "1.0")]
/// trait Compute {
///     async fn name(&self, ctx: &Context, id: u32) -> Result<String, Infallible>;
/// }
///
/// struct Manager;
///
/// impl Compute for Manager {
///     async fn name(&self, _: &Context, id: u32) -> Result<String, Infallible> {
///         Ok(format!("instance-{id}"))
///     }
/// }
///
/// let compute = ComputeClient::in_process(Manager);
/// let call = compute.name(&Context::new(), 7).server("host-1").timeout(Duration::from_secs(5));
/// assert_eq!(block_on(call).unwrap(), "instance-7");
/// block_on(compute.name(&Context::new(), 7).cast().fanout()).unwrap();
/// ```
///
/// There is no fanout of a call: a call waits for one answer. `.cast().fanout()` ignores the answers.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<O> {
    state: State,
    output: PhantomData<fn() -> O>,
}

enum State {
    New(Box<Prepared>),
    Sent(Box<Sent>),
    Done,
}

/// A call on its way, and what it takes to read its answer.
struct Sent {
    answer: BoxFuture<Result<Answer, CallFault>>,
    serializer: Option<Arc<dyn Serializer>>,
    context: Context,
    message_id: MessageId,
    method: Cow<'static, str>,
    target: Target,
    since: Instant,
}

/// No type has it: a call cannot be fanned out.
#[diagnostic::on_unimplemented(
    message = "`fanout` is only possible on casts",
    label = "a call waits for one answer",
    note = "to ignore the answers write `.cast().fanout()`"
)]
pub trait CanFanout {}

impl<O> Call<O> {
    pub(super) fn new(prepared: Box<Prepared>) -> Self {
        Self { state: State::New(prepared), output: PhantomData }
    }

    option_setters!();

    /// Changes how it is sent. Once it is sent there is nothing left to change.
    fn adjust(mut self, f: impl FnOnce(&mut CallOptions)) -> Self {
        if let State::New(prepared) = &mut self.state {
            f(&mut prepared.options);
        }
        self
    }

    /// The same request as a cast: the answer is not waited for. A call that was polled before is on its way already;
    /// its cast is done at once.
    pub fn cast(self) -> Cast {
        match self.state {
            State::New(prepared) => Cast::new(prepared),
            State::Sent(_) | State::Done => Cast::sent(),
        }
    }

    /// Only casts can be fanned out; this exists for its error message.
    #[doc(hidden)]
    pub fn fanout(self) -> Self
    where
        Self: CanFanout,
    {
        self
    }
}

impl<T: for<'de> Deserialize<'de>, E: RpcError> Future for Call<Result<T, E>> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.state.poll(cx)) {
            Ok((Answer::Result(value), sent)) => value.decode().map_err(|e| sent.bad_reply(e.0).into()),
            Ok((Answer::Failure(failure), _)) => Err(match E::from_failure(&failure) {
                Some(error) => CallError::Remote(error),
                None => CallError::Undeclared(Box::new(failure)),
            }),
            Err(fault) => Err(fault.into()),
        })
    }
}

impl State {
    /// Sends on the first poll, then waits. The part of a call that does not depend on its types.
    fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(Answer, Box<Sent>), CallFault>> {
        let mut sent = match std::mem::replace(self, Self::Done) {
            Self::New(prepared) => match send(*prepared) {
                Ok(sent) => sent,
                Err(fault) => return Poll::Ready(Err(fault)),
            },
            Self::Sent(sent) => sent,
            Self::Done => return Poll::Pending,
        };
        match sent.answer.as_mut().poll(cx) {
            Poll::Pending => {
                *self = Self::Sent(sent);
                Poll::Pending
            }
            Poll::Ready(Err(fault)) => Poll::Ready(Err(fault)),
            Poll::Ready(Ok(Answer::Result(value))) => Poll::Ready(match sent.deserialize(value) {
                Ok(value) => Ok((Answer::Result(value), sent)),
                Err(cause) => Err(sent.bad_reply(cause)),
            }),
            Poll::Ready(Ok(failure)) => Poll::Ready(Ok((failure, sent))),
        }
    }
}

fn send(prepared: Prepared) -> Result<Box<Sent>, CallFault> {
    let resolved = prepared.resolve(Purpose::Call).map_err(CallFault::NotSent)?;
    let invocation = resolved.invocation;
    Ok(Box::new(Sent {
        serializer: resolved.serializer,
        context: resolved.context,
        message_id: invocation.message_id,
        method: invocation.method.clone(),
        target: invocation.target.clone(),
        answer: resolved.invoke.call(invocation),
        since: Instant::now(),
    }))
}

impl Sent {
    fn deserialize(&self, value: RawJson) -> Result<RawJson, String> {
        match &self.serializer {
            Some(serializer) => serializer.deserialize_entity(&self.context, value),
            None => Ok(value),
        }
    }

    fn bad_reply(&self, cause: String) -> CallFault {
        let mut request = RequestInfo::new(self.method.as_ref(), self.target.clone());
        request.message_id = Some(self.message_id);
        request.elapsed = self.since.elapsed();
        CallFault::BadReply(Box::new(BadReply { request, cause }))
    }
}

impl<O> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, method) = match &self.state {
            State::New(prepared) => ("new", prepared.method.as_ref()),
            State::Sent(sent) => ("sent", sent.method.as_ref()),
            State::Done => ("done", ""),
        };
        f.debug_struct("Call").field("method", &method).field("state", &state).finish_non_exhaustive()
    }
}
