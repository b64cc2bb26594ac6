//! Messages that are published once more: to their own queue with their redeliveries counted, or to its dead letters.

use super::letter::Origin;
use super::past;
use super::run::Run;
use crate::id::MessageId;
use crate::transport::{Publish, PublishError, Route};
use crate::wire::Header;
use std::time::{Duration, SystemTime};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How long a broker may take to confirm.
const CONFIRM: Duration = Duration::from_secs(30);
/// How long a message is kept back that could not be published, so that it does not come again at once and for ever.
const PAUSE: Duration = Duration::from_secs(1);

/// Publishes a message to its queue as a new one that says how often it was handled; whether the broker has confirmed it.
pub(super) async fn publish_again(run: &Run, mut origin: Origin, failure: &str) -> bool {
    origin.past.handled = origin.handled_before().saturating_add(1);
    origin.past.add_failure(failure);
    origin.past.write(&mut origin.properties);
    match publish(run, |of| Route::Again { of }, origin).await {
        Ok(()) => {
            run.counters.republished.add();
            true
        }
        Err(error) => {
            if let Some(unlogged) = run.logs.resends.pass() {
                tracing::warn!(
                    listener = run.config.label, %error, unlogged, "not published again, given back uncounted"
                );
            }
            tokio::time::sleep(PAUSE).await;
            false
        }
    }
}

/// Publishes a message to the dead letters of its queue; whether the broker has confirmed it. `reason` goes with the
/// message, `loggable` is what a log may say of it.
pub(super) async fn bury(run: &Run, mut origin: Origin, reason: &str, loggable: &str) -> bool {
    let delivered = origin.deliveries_before().saturating_add(1);
    // Whoever moves it back gives it all its redeliveries anew.
    origin.past.handled = 0;
    origin.past.add_failure(reason);
    origin.past.write(&mut origin.properties);
    let properties = &mut origin.properties;
    // It is to wait for somebody, however long, and through a restart of the broker.
    properties.expiration = None;
    properties.persistent = true;
    let text = |text: &str| Header::Text(text.to_owned());
    past::set(properties, "x-oslo-reason", Header::Text(past::short(reason)));
    past::set(properties, "x-oslo-delivered", past::number(delivered));
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
    past::set(properties, "x-oslo-time", past::number(u64::try_from(now.as_millis()).unwrap_or(u64::MAX)));
    let published = publish(run, |of| Route::DeadLetters { of }, origin).await;
    match published {
        Ok(()) => {
            run.counters.dead_lettered.add();
            if let Some(unlogged) = run.logs.dead.pass() {
                tracing::warn!(
                    listener = run.config.label,
                    unlogged,
                    "moved to the dead letters: {loggable}"
                );
            }
            true
        }
        Err(error) => {
            if let Some(unlogged) = run.logs.resends.pass() {
                tracing::error!(
                    listener = run.config.label, %error, unlogged,
                    "not moved to the dead letters, given back: {loggable}"
                );
            }
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
        answered: false,
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
