//! The drivers `messaging` and `messagingv2`: notifications into the queues of a broker.

use super::driver::NotifyDriver;
use super::error::DriverFailure;
use super::prepared::PreparedNotification;
use crate::error::NotSentReason;
use crate::id::MessageId;
use crate::transport::{BoxFuture, Confirmed, Publish, PublishError, Route, Transport, check_name};
use crate::wire::{OutgoingNotification, Unsendable};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// The pause before a second refusal's retry; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long after the deadline the driver's word is waited for, which then says why nothing could be sent by it.
const SETTLING: Duration = Duration::from_millis(250);

/// Sends notifications to `<topic>.<priority>` of a transport's exchange, and makes these queues where they are missing,
/// so that notifications wait there for their first listener.
///
/// A send resolves when the broker has confirmed the message into the queue. What the broker lost, refused or could not
/// place is sent again until the notification's deadline, under the same ids, by which listeners drop what came twice.
#[derive(Debug, Clone)]
pub struct MessagingDriver {
    transport: Transport,
    exchange: Arc<str>,
    bare: bool,
}

impl MessagingDriver {
    /// With envelope 2.0, as every RPC message has it. Corresponds to Python's driver `messagingv2`.
    pub fn v2(transport: &Transport) -> Self {
        let exchange = transport.options().control_exchange.as_str().into();
        Self { transport: transport.clone(), exchange, bare: false }
    }

    /// Without envelope, format 1.0. Corresponds to Python's driver `messaging`. Refuses a payload that holds an object of
    /// exactly the keys `__type__` and `__value__`: receivers would take it for a value of another type.
    pub fn v1(transport: &Transport) -> Self {
        Self { bare: true, ..Self::v2(transport) }
    }

    /// To another exchange than the transport's `control_exchange`.
    #[must_use]
    pub fn exchange(mut self, exchange: &str) -> Self {
        self.exchange = exchange.into();
        self
    }

    /// Sends a copy to each topic; one that fails keeps no other from it.
    async fn send_to_all(
        &self,
        topics: &[Arc<str>],
        notification: &PreparedNotification,
    ) -> Result<(), DriverFailure> {
        let ends = join_all(topics.iter().map(|topic| self.send_to(topic, notification))).await;
        let (mut failures, mut taken_by) = (Vec::new(), Vec::new());
        for (topic, end) in topics.iter().zip(ends) {
            match end {
                Ok(()) => taken_by.push(topic.to_string()),
                // What the format cannot carry, it carries to no topic: once said is enough.
                Err(failure) if failures.contains(&failure) => {}
                Err(failure) => failures.push(failure),
            }
        }
        match failures.is_empty() {
            true => Ok(()),
            false => Err(DriverFailure::Topics { failures, taken_by }),
        }
    }

    /// Sends to one topic until the broker has it, or no try is left.
    async fn send_to(
        &self,
        topic: &Arc<str>,
        notification: &PreparedNotification,
    ) -> Result<(), DriverFailure> {
        let unique_id = MessageId::random();
        let mut pause = Duration::ZERO;
        let mut tries = 0;
        let mut doubt = None;
        loop {
            let error = match self.try_once(topic, notification, unique_id).await? {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let may_have_arrived = doubtful(&error);
            let again = Instant::now() + pause;
            let over = notification.retry.is_some_and(|retry| tries >= retry)
                || notification.deadline.is_some_and(|deadline| again >= deadline);
            match failure(topic, error, over) {
                Some(failure) => return Err(sum_up(doubt, failure)),
                None => tracing::debug!(%topic, event_type = notification.event_type, "sending again"),
            }
            doubt = may_have_arrived.or(doubt);
            tries += 1;
            sleep_until(again).await;
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
    }

    async fn try_once(
        &self,
        topic: &Arc<str>,
        notification: &PreparedNotification,
        unique_id: MessageId,
    ) -> Result<Result<Confirmed, PublishError>, DriverFailure> {
        let driver = self.transport.driver();
        check_name("the exchange", &self.exchange)
            .map_err(|reason| DriverFailure::NotSent { topic: topic.to_string(), reason })?;
        let mut body = Vec::with_capacity(768 + notification.payload.as_str().len() * 5 / 4);
        let outgoing = OutgoingNotification {
            message_id: &notification.message_id,
            publisher_id: notification.publisher_id.as_deref(),
            event_type: &notification.event_type,
            priority: notification.priority,
            payload: notification.payload.as_str(),
            timestamp: &notification.timestamp,
            unique_id,
            context: &notification.context,
            bare: self.bare,
        };
        let properties = driver
            .format()
            .encode_notification(&outgoing, &self.transport.options().limits, &mut body)
            .map_err(|error| unsendable(topic, &error))?;
        let (settle, settled) = oneshot::channel();
        let publish = Publish {
            route: Route::Notification {
                exchange: Arc::clone(&self.exchange),
                topic: Arc::clone(topic),
                priority: notification.priority.as_str().into(),
                pool: None,
            },
            body,
            properties,
            unique_id,
            mandatory: driver.capabilities().mandatory,
            answered: false,
            deadline: notification.deadline.map(Instant::into_std),
            retry: notification.retry,
        };
        driver.publish(
            publish,
            Box::new(move |outcome| {
                // Whoever dropped the send does not want to know.
                let _ = settle.send(outcome);
            }),
        );
        let unconfirmed = |cause: String| Ok(Err(PublishError::Unconfirmed { cause, node: None }));
        let settled =
            async { settled.await.map_or_else(|_| unconfirmed("the transport was closed".to_owned()), Ok) };
        match notification.deadline {
            None => settled.await,
            Some(deadline) => match tokio::time::timeout_at(deadline + SETTLING, settled).await {
                Ok(settled) => settled,
                Err(_) => unconfirmed("the broker's confirmation did not come in time".to_owned()),
            },
        }
    }
}

impl NotifyDriver for MessagingDriver {
    fn name(&self) -> &str {
        if self.bare { "messaging" } else { "messagingv2" }
    }

    fn send<'a>(
        &'a self,
        notification: &'a PreparedNotification,
    ) -> BoxFuture<'a, Result<(), DriverFailure>> {
        Box::pin(async move {
            match &*notification.topics {
                [topic] => self.send_to(topic, notification).await,
                topics => self.send_to_all(topics, notification).await,
            }
        })
    }
}

/// The failure of what cannot be sent.
fn unsendable(topic: &str, error: &Unsendable) -> DriverFailure {
    match *error {
        Unsendable::TooLarge { size, limit } => {
            let reason = NotSentReason::TooLarge { size, limit };
            DriverFailure::NotSent { topic: topic.to_owned(), reason }
        }
        _ => DriverFailure::Unsendable(error.to_string()),
    }
}

/// The node that an error is of, behind its words.
fn at(node: Option<&str>) -> String {
    node.map(|node| format!(" (broker {node})")).unwrap_or_default()
}

/// What leaves open whether the message has arrived, if the error does.
fn doubtful(error: &PublishError) -> Option<String> {
    match error {
        PublishError::Refused { cause, node }
        | PublishError::Lost { cause, node }
        | PublishError::Unconfirmed { cause, node } => Some(format!("{cause}{}", at(node.as_deref()))),
        PublishError::NotSent(_) | PublishError::Returned { .. } => None,
    }
}

/// The last try's failure as that of all: what may have arrived by an earlier one is not unsent because a later one was not
/// sent.
fn sum_up(doubt: Option<String>, last: DriverFailure) -> DriverFailure {
    match (doubt, last) {
        (Some(cause), DriverFailure::NotSent { topic, reason }) => {
            let cause = format!("{cause}, and then it was not sent again: {reason}");
            DriverFailure::Unconfirmed { topic, cause }
        }
        (_, last) => last,
    }
}

/// The failure that a publish's error is; none where another try may help and one is left.
fn failure(topic: &str, error: PublishError, over: bool) -> Option<DriverFailure> {
    let topic = topic.to_owned();
    if let Some(cause) = doubtful(&error) {
        return over.then_some(DriverFailure::Unconfirmed { topic, cause });
    }
    match error {
        PublishError::NotSent(reason) => Some(DriverFailure::NotSent { topic, reason }),
        PublishError::Returned { exchange, routing_key, code, text, node } if over => {
            let node = at(node.as_deref());
            let what = format!("a message to `{routing_key}` of exchange `{exchange}`{node}");
            let cause = format!("{code} {text}; its queue was deleted or unbound each time");
            Some(DriverFailure::NotSent { topic, reason: NotSentReason::Refused { what, cause } })
        }
        _ => None,
    }
}
