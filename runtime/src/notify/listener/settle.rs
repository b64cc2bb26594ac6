//! What becomes of a notification in the end, and of the copies that have waited for that.

use super::letter::{Letter, Origin};
use super::past;
use super::run::Run;
use crate::id::MessageId;
use crate::transport::{AckHandle, Publish, PublishError, Route};
use crate::wire::Header;
use std::fmt;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a broker may take to confirm what is published again.
const CONFIRM: Duration = Duration::from_secs(30);
/// How long a message is kept back whose place is not there, so that it does not come again at once and for ever.
const PAUSE: Duration = Duration::from_secs(1);

/// What its methods have made of a notification.
#[derive(Debug)]
pub(super) enum Fate {
    /// Done with.
    Handled,
    /// It is to come again.
    Again(Why),
    /// Some method cannot have it, for this reason.
    Dead(String),
}

/// Why a notification is to come again.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// A method asked for it.
    Asked,
    /// A method failed.
    Failed(String),
    /// Its payload did not fit.
    Unfit(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("a method asked for it again"),
            Self::Failed(cause) | Self::Unfit(cause) => f.write_str(cause),
        }
    }
}

/// Carries a notification's fate out.
pub(super) async fn settle(run: &Run, letter: Letter, fate: Fate) {
    match fate {
        Fate::Handled => {
            run.counters.handled.add();
            done(run, letter);
        }
        Fate::Again(why) => {
            log(run, &letter, &why);
            if run.config.allow_requeue {
                return again(run, letter, &why).await;
            }
            if matches!(why, Why::Asked) {
                run.counters.handled.add();
            }
            done(run, letter);
        }
        Fate::Dead(reason) => dead(run, letter, &reason).await,
    }
}

fn log(run: &Run, letter: &Letter, why: &Why) {
    let Why::Failed(cause) = why else { return };
    run.counters.failed.add();
    if let Some(unlogged) = run.log.pass() {
        let (event_type, message_id) = (&letter.event.event_type, &letter.event.message_id);
        tracing::error!(?event_type, ?message_id, unlogged, "a handler of notifications failed: {cause}");
    }
}

fn done(run: &Run, letter: Letter) {
    let copies = run.copies.conclude(letter.key, true);
    acknowledge(letter.ack, copies);
}

/// Gives a notification back, by the way that counts it.
async fn again(run: &Run, letter: Letter, why: &Why) {
    let origin = &letter.origin;
    let before = origin.deliveries_before();
    match run.config.redelivery_limit {
        Some(limit) if before >= limit.into() => {
            dead(run, letter, &format!("redelivered {before} times, the limit: {why}")).await;
        }
        // Marked already, and nobody else counts: it goes on as a new message that says how often it was delivered.
        Some(_) if origin.redelivered && origin.counted.is_none() => republish(run, letter, why).await,
        _ => give_back(run, letter),
    }
}

fn give_back(run: &Run, letter: Letter) {
    run.counters.requeued.add();
    // First of all: it may be back before the reject returns, and is then no copy of something that is being handled.
    let copies = run.copies.conclude(letter.key, false);
    reject(letter.ack, copies);
}

async fn republish(run: &Run, letter: Letter, why: &Why) {
    let Letter { mut origin, key, ack, .. } = letter;
    origin.past.deliveries = origin.deliveries_before() + 1;
    origin.past.add_failure(&why.to_string());
    origin.past.write(&mut origin.properties);
    // As in `give_back`: the new message comes before its confirmation.
    let copies = run.copies.conclude(key, false);
    match publish(run, |of| Route::Again { of }, origin).await {
        Ok(()) => {
            run.counters.republished.add();
            acknowledge(ack, copies);
        }
        Err(error) => {
            tracing::warn!(listener = run.config.label, %error, "not published again, given back uncounted");
            tokio::time::sleep(PAUSE).await;
            run.counters.requeued.add();
            reject(ack, copies);
        }
    }
}

async fn dead(run: &Run, letter: Letter, reason: &str) {
    let Letter { origin, key, ack, .. } = letter;
    let buried = bury(run, origin, reason).await;
    // Not remembered as done: whoever moves it back from the dead letters wants it handled.
    let copies = run.copies.conclude(key, false);
    if buried {
        acknowledge(ack, copies);
    } else {
        run.counters.requeued.add();
        reject(ack, copies);
    }
}

/// Publishes a message to the dead letters of its queue; whether the broker has confirmed it.
pub(super) async fn bury(run: &Run, mut origin: Origin, reason: &str) -> bool {
    origin.past.deliveries = origin.deliveries_before() + 1;
    origin.past.add_failure(reason);
    origin.past.write(&mut origin.properties);
    let properties = &mut origin.properties;
    // It is to wait for somebody, however long, and through a restart of the broker.
    properties.expiration = None;
    properties.persistent = true;
    let text = |text: &str| Header::Text(text.to_owned());
    past::set(properties, "x-oslo-reason", Header::Text(past::short(reason)));
    past::set(properties, "x-oslo-listener", text(&run.config.label));
    if let Some(source) = run.config.sources.get(origin.route) {
        for (name, value) in [
            ("x-oslo-queue", &*source.queue),
            ("x-oslo-exchange", &source.exchange),
            ("x-oslo-topic", &source.topic),
            ("x-oslo-priority", source.priority),
        ] {
            if !value.is_empty() {
                past::set(properties, name, text(value));
            }
        }
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    past::set(properties, "x-oslo-time", Header::Integer(i64::try_from(now.as_millis()).unwrap_or(i64::MAX)));
    let published = publish(run, |of| Route::DeadLetters { of }, origin).await;
    match published {
        Ok(()) => {
            run.counters.dead_lettered.add();
            if let Some(unlogged) = run.log.pass() {
                tracing::warn!(listener = run.config.label, unlogged, "moved to the dead letters: {reason}");
            }
            true
        }
        Err(error) => {
            tracing::error!(listener = run.config.label, %error, "not moved to the dead letters, given back: {reason}");
            tokio::time::sleep(PAUSE).await;
            false
        }
    }
}

/// Publishes a message as it came on a route made of its own; waits for the broker's word.
async fn publish(
    run: &Run,
    route: impl FnOnce(Box<Route>) -> Route,
    origin: Origin,
) -> Result<(), PublishError> {
    let unconfirmed = |cause: &str| PublishError::Unconfirmed { cause: cause.to_owned(), node: None };
    let Some(source) = run.config.sources.get(origin.route) else {
        return Err(unconfirmed("its route is not known"));
    };
    let deadline = Instant::now() + CONFIRM;
    let message = Publish {
        route: route(Box::new(source.route.clone())),
        body: origin.body,
        properties: origin.properties,
        // A returned message is known by the id in its body; one without cannot be told apart.
        mandatory: origin.unique_id.is_some() && run.driver.capabilities().mandatory,
        unique_id: origin.unique_id.unwrap_or_else(MessageId::random),
        deadline: Some(deadline.into_std()),
        retry: None,
    };
    let (settle, settled) = oneshot::channel();
    // The receiver is gone when the handling was ended from outside: the message is then not acknowledged.
    run.driver.publish(message, Box::new(move |outcome| drop(settle.send(outcome))));
    match tokio::time::timeout_at(deadline, settled).await {
        Ok(Ok(outcome)) => outcome.map(drop),
        Ok(Err(_)) => Err(unconfirmed("the transport was closed")),
        Err(_) => Err(unconfirmed("the broker's confirmation did not come in time")),
    }
}

fn acknowledge(ack: AckHandle, copies: Vec<AckHandle>) {
    std::iter::once(ack).chain(copies).for_each(AckHandle::ack);
}

fn reject(ack: AckHandle, copies: Vec<AckHandle>) {
    std::iter::once(ack).chain(copies).for_each(|ack| ack.reject(true));
}
