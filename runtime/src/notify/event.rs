//! A notification as its handler gets it.

use super::priority::Priority;
use crate::context::Context;
use crate::json::{JsonError, RawJson};
use serde::Deserialize;
use std::fmt;

/// A notification that has arrived.
///
/// Corresponds to the arguments of a listener's endpoint method in oslo.messaging: `ctxt, publisher_id, event_type,
/// payload, metadata`.
///
/// ```
/// use oslo_messaging::notify::{Event, Priority};
///
/// let event = Event::test(Priority::Info, "volume.usage", &serde_json::json!({"id": 7, "used": 80}))?;
/// assert_eq!(event.event_type, "volume.usage");
///
/// #[derive(serde::Deserialize)]
/// struct Usage { used: u8 }
/// assert_eq!(event.decode::<Usage>()?.payload.used, 80);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Event<P = RawJson> {
    /// The context that came with it.
    pub context: Context,
    /// Its priority, from the message.
    pub priority: Priority,
    /// What has happened, such as `compute.instance.create.end`; empty when the sender gave none.
    pub event_type: String,
    /// Who has sent it, such as `compute.host-1`; empty when the sender gave none.
    pub publisher_id: String,
    /// What it says.
    pub payload: P,
    /// Its id, the same on every topic it was sent to; empty when the sender gave none.
    pub message_id: String,
    /// When it was made, as the sender wrote it: UTC, `2026-11-22 04:48:58.255225`.
    pub timestamp: String,
    /// Exchange of the listener's target that it came by; empty where one queue serves several exchanges.
    pub exchange: String,
    /// Topic of the listener's target that it came by; empty where one queue serves several topics.
    pub topic: String,
    /// How often it was delivered before, as far as is known; 0 for the first time. A listener with a redelivery limit counts
    /// what was handled, and quorum queues count; any other broker only marks what it has delivered before, perhaps to a
    /// listener that ended before its handler began, and the mark is 1.
    pub redeliveries: u64,
}

impl<P> Event<P> {
    /// The same event with another payload.
    pub fn with_payload<Q>(self, payload: Q) -> Event<Q> {
        self.map(|_| payload)
    }

    /// The same event with its payload turned into another.
    pub fn map<Q>(self, turn: impl FnOnce(P) -> Q) -> Event<Q> {
        let Self { context, priority, event_type, publisher_id, payload, message_id, timestamp, .. } = self;
        let Self { exchange, topic, redeliveries, .. } = self;
        Event {
            context,
            priority,
            event_type,
            publisher_id,
            payload: turn(payload),
            message_id,
            timestamp,
            exchange,
            topic,
            redeliveries,
        }
    }
}

impl Event<RawJson> {
    /// An event for tests of handlers: priority, event type and payload as given, the rest as if sent just now by nobody.
    ///
    /// # Errors
    /// When the payload does not encode.
    pub fn test<T: serde::Serialize + ?Sized>(
        priority: Priority,
        event_type: &str,
        payload: &T,
    ) -> Result<Self, JsonError> {
        Ok(Self {
            context: Context::test(),
            priority,
            event_type: event_type.to_owned(),
            publisher_id: String::new(),
            payload: RawJson::encode(payload)?,
            message_id: uuid::Uuid::new_v4().to_string(),
            timestamp: String::new(),
            exchange: String::new(),
            topic: String::new(),
            redeliveries: 0,
        })
    }

    /// The event with its payload decoded.
    ///
    /// # Errors
    /// When the payload does not fit; the text names the place and what was expected. The event itself is lost: keep a
    /// clone, which is cheap, to have it still.
    pub fn decode<P: for<'de> Deserialize<'de>>(self) -> Result<Event<P>, JsonError> {
        let payload = self.payload.decode()?;
        Ok(self.with_payload(payload))
    }
}

/// Leaves the payload out: it may hold secrets.
impl<P> fmt::Debug for Event<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("priority", &self.priority)
            .field("event_type", &self.event_type)
            .field("publisher_id", &self.publisher_id)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}
