//! Sends a handler's answer, and sends it again while its address is missing.

use super::backlog::Place;
use super::run::Run;
use crate::error::{RejectionKind, RemoteFailure};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::serving::after;
use crate::transport::{Confirmed, Publish, PublishError, Route};
use crate::wire::{OutgoingReply, OutgoingReplyBody, OverLimit, short};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a returned reply waits before it is sent again, as Python.
const PAUSE: Duration = Duration::from_millis(250);

/// Where an answer goes.
#[derive(Debug, Clone)]
pub(crate) struct ReplyTo {
    /// `_reply_q`.
    pub(crate) address: Arc<str>,
    /// `_msg_id`, as it was sent.
    pub(crate) message_id: Arc<str>,
    /// When the caller stops waiting, if it said so.
    pub(crate) deadline: Option<Instant>,
}

/// An answer.
pub(crate) enum Content {
    Result(RawJson),
    Failure(Box<RemoteFailure>),
    Refusal { failure: Box<RemoteFailure>, kind: RejectionKind },
    Heartbeat,
}

impl Content {
    pub(crate) fn as_body(&self) -> OutgoingReplyBody<'_> {
        match self {
            Self::Result(value) => OutgoingReplyBody::Result(value.as_str()),
            Self::Failure(failure) => OutgoingReplyBody::Failure(failure),
            Self::Refusal { failure, kind } => OutgoingReplyBody::Refusal { failure, kind: *kind },
            Self::Heartbeat => OutgoingReplyBody::Heartbeat,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Result(value) => value.as_str().len(),
            Self::Failure(failure) | Self::Refusal { failure, .. } => size(failure),
            Self::Heartbeat => 0,
        }
    }

    /// What is sent in its place when it is over a limit. A refusal stays one: its caller is to know that nothing has run.
    fn cut(&self, over: &OverLimit) -> Self {
        match self {
            Self::Refusal { failure, kind } => {
                let text = too_large("refusal", over);
                let failure = RemoteFailure::new(failure.module.as_str(), failure.class.as_str(), text);
                Self::Refusal { failure: Box::new(failure), kind: *kind }
            }
            _ => {
                let text = too_large("answer", over);
                let failure = RemoteFailure::new("oslo_messaging.server", "ResultTooLarge", text);
                Self::Failure(Box::new(failure))
            }
        }
    }
}

/// The bytes of a failure's texts and values.
fn size(failure: &RemoteFailure) -> usize {
    let lines: usize = failure.traceback.iter().map(String::len).sum();
    let args: usize = failure.args.iter().map(|arg| arg.as_str().len()).sum();
    let kwargs: usize = failure.kwargs.iter().map(|(name, value)| name.len() + value.as_str().len()).sum();
    failure.class.len() + failure.module.len() + failure.message.len() + lines + args + kwargs
}

fn too_large(what: &str, over: &OverLimit) -> String {
    match over {
        OverLimit::Body { size, limit } => {
            format!("the {what} of {size} bytes is over the limit of {limit} bytes")
        }
        other => format!("the {what} is over a limit: {other}"),
    }
}

/// A final answer on its way.
struct Reply {
    to: ReplyTo,
    content: Content,
    /// The caller's deadline, or when replies are given up.
    give_up_at: Instant,
    tries: u32,
    /// Its place among those that the broker has turned away.
    place: Option<Place>,
}

impl Reply {
    /// About what it takes while it waits.
    fn size(&self) -> usize {
        self.to.address.len() + self.to.message_id.len() + self.content.size()
    }
}

/// Sends the final answer to a request; returns at once. The run counts as busy until it has ended.
pub(crate) fn send(run: &Arc<Run>, to: ReplyTo, content: Content) {
    let now = Instant::now();
    if run.missing.is_given_up(&to.address, now) {
        run.counters.replies_lost.add();
        tracing::debug!(
            address = &*to.address,
            message_id = short(&to.message_id),
            "reply thrown away: its queue is gone"
        );
        return;
    }
    let limit = after(now, run.reply_retry);
    // A caller whose time is up may still be there: one try is always made.
    let give_up_at = to.deadline.map_or(limit, |deadline| deadline.clamp(now, limit));
    run.reply_begins();
    publish(Arc::clone(run), Reply { to, content, give_up_at, tries: 0, place: None }, now);
}

fn publish(run: Arc<Run>, mut reply: Reply, now: Instant) {
    reply.tries += 1;
    let encoded = encode(&run, &reply.to, &reply.content).or_else(|over| {
        reply.content = reply.content.cut(&over);
        encode(&run, &reply.to, &reply.content)
    });
    let Ok(mut message) = encoded else {
        // Not even the few words about it are within the limits.
        run.counters.replies_lost.add();
        return run.reply_ends();
    };
    // The first try may wait for a connection as long as the reply is worth anything.
    message.deadline = Some(reply.give_up_at.max(now + PAUSE).into_std());
    let driver = Arc::clone(&run.driver);
    run.reply_leaves();
    driver.publish(
        message,
        Box::new(move |settled| {
            run.reply_settles();
            settle(run, reply, settled);
        }),
    );
}

/// A reply's message with a fresh `_unique_id`: Python drops a second one with the same.
pub(crate) fn encode(run: &Run, to: &ReplyTo, content: &Content) -> Result<Publish, OverLimit> {
    let unique_id = MessageId::random();
    // The format knows how much it will write.
    let mut body = Vec::new();
    let reply = OutgoingReply { message_id: &to.message_id, unique_id, body: content.as_body() };
    let properties = run.driver.format().encode_reply(&reply, &run.limits, &mut body)?;
    let route = Route::Reply { address: Arc::clone(&to.address) };
    let mandatory = run.mandatory_replies;
    Ok(Publish {
        route,
        body,
        properties,
        unique_id,
        mandatory,
        answered: false,
        deadline: None,
        retry: None,
    })
}

fn settle(run: Arc<Run>, reply: Reply, settled: Result<Confirmed, PublishError>) {
    match settled {
        Ok(_) => {
            run.missing.found(&reply.to.address);
            run.reply_ends();
        }
        Err(error) => {
            // Where the driver's I/O runs there is more to do than to decide and wait.
            let runtime = run.runtime.clone();
            runtime.spawn(try_again(run, reply, error));
        }
    }
}

async fn try_again(run: Arc<Run>, mut reply: Reply, error: PublishError) {
    if let Some(why) = hopeless(&run, &reply, &error) {
        return lose(&run, &reply, &error, why);
    }
    if !has_place(&run, &mut reply, &error) {
        return lose(&run, &reply, &error, "too many others wait for callers that cannot be reached");
    }
    let (address, message_id) = (&*reply.to.address, short(&reply.to.message_id));
    if reply.tries == 1
        && let Some(unlogged) = run.logs.retries.pass()
    {
        tracing::info!(address, message_id, %error, unlogged, "reply not delivered, trying again");
    }
    run.counters.replies_retried.add();
    tokio::time::sleep(PAUSE).await;
    publish(run, reply, Instant::now());
}

/// Why a reply is not sent again, if it is not.
fn hopeless(run: &Run, reply: &Reply, error: &PublishError) -> Option<&'static str> {
    let now = Instant::now();
    let gone = match error {
        PublishError::Returned { .. } => run.missing.returned(&reply.to.address, now),
        // Perhaps it arrived; a second copy is nobody's answer any more, and does no harm.
        PublishError::Refused { .. } | PublishError::Unconfirmed { .. } | PublishError::Lost { .. } => false,
        PublishError::NotSent(_) => true,
    };
    (gone || now + PAUSE > reply.give_up_at).then_some("the caller is gone or cannot be reached")
}

/// Whether a reply may wait here. What a lost connection leaves is no more than the driver had and needs no place: an outage
/// must not cost replies.
fn has_place(run: &Run, reply: &mut Reply, error: &PublishError) -> bool {
    let turned_away = matches!(error, PublishError::Returned { .. } | PublishError::Refused { .. });
    if turned_away && reply.place.is_none() {
        reply.place = run.backlog.place(reply.size());
        return reply.place.is_some();
    }
    true
}

/// Gives a reply up.
fn lose(run: &Run, reply: &Reply, error: &PublishError, why: &str) {
    run.counters.replies_lost.add();
    let (address, message_id, tries) = (&*reply.to.address, short(&reply.to.message_id), reply.tries);
    if let Some(unlogged) = run.logs.losses.pass() {
        tracing::warn!(address, message_id, tries, %error, unlogged, "reply lost: {why}");
    }
    run.reply_ends();
}
