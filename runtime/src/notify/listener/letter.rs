//! A notification that is being handled, from its bytes to the methods that want it.

use super::copies::Arrival;
use super::past::Past;
use super::resend::bury;
use super::run::Run;
use crate::context::{self, Context};
use crate::id::MessageId;
use crate::notify::{Event, Priority};
use crate::target::Target;
use crate::transport::{AckHandle, Delivery};
use crate::wire::{IncomingNotification, Malformed, Properties, line, short};

/// A notification that some methods want.
pub(super) struct Letter {
    pub(super) event: Event,
    /// Positions of the methods that want it; at least one.
    pub(super) methods: Vec<usize>,
    pub(super) origin: Origin,
    /// Its place among the copies.
    pub(super) key: Option<u128>,
    pub(super) ack: AckHandle,
}

/// A message as it came, as far as a driver gives it, to be published so.
pub(super) struct Origin {
    pub(super) route: usize,
    pub(super) body: Vec<u8>,
    pub(super) properties: Properties,
    pub(super) unique_id: Option<MessageId>,
    pub(super) redelivered: bool,
    /// How often it was delivered before, where the broker counts that.
    pub(super) counted: Option<u64>,
    pub(super) past: Past,
}

impl Origin {
    /// How often it was handled before. A broker's mark says that it was delivered, perhaps to nobody's handler: it does not
    /// count. A broker's count does, which knows no better either.
    pub(super) fn handled_before(&self) -> u64 {
        self.past.handled.saturating_add(self.counted.unwrap_or_default())
    }

    /// How often it was delivered before, as far as is known.
    pub(super) fn deliveries_before(&self) -> u64 {
        let marked = self.redelivered && self.counted.is_none();
        self.handled_before().saturating_add(marked.into())
    }
}

/// Reads a delivery. What no method wants is settled here, and copies of what is known.
pub(super) async fn read(run: &Run, delivery: Delivery) -> Option<Letter> {
    let Delivery { route, body, properties, redelivered, redeliveries, ack } = delivery;
    let config = &run.config;
    let past = Past::of(&properties);
    let decoded = run.driver.format().decode_notification(&body, &properties, &run.limits);
    let unique_id = decoded.as_ref().ok().and_then(|incoming| incoming.unique_id.as_deref()?.parse().ok());
    let origin = Origin { route, body, properties, unique_id, redelivered, counted: redeliveries, past };
    let incoming = match decoded {
        Ok(incoming) => incoming,
        Err(malformed) => {
            refuse(run, &malformed, origin, ack).await;
            return None;
        }
    };
    let Some(priority) = priority(run, &incoming) else {
        run.counters.dropped.add();
        ack.ack();
        return None;
    };
    let methods = config.methods.wanting(priority, &incoming);
    if methods.is_empty() {
        run.counters.filtered.add();
        ack.ack();
        return None;
    }
    match run.copies.arrive(incoming.unique_id.as_deref(), ack) {
        Arrival::First(key, ack) => {
            let event = event(run, incoming, priority, &origin);
            Some(Letter { event, methods, origin, key, ack })
        }
        Arrival::Waits => {
            run.counters.duplicates.add();
            tracing::debug!(
                message_id = incoming.message_id.as_deref().map(short),
                "a copy waits for the first's fate"
            );
            None
        }
        Arrival::Done(ack) => {
            run.counters.duplicates.add();
            tracing::debug!(message_id = incoming.message_id.as_deref().map(short), "duplicate dropped");
            ack.ack();
            None
        }
    }
}

/// The priority, if some method takes it. The message says it, not the queue, as in Python.
fn priority(run: &Run, incoming: &IncomingNotification) -> Option<Priority> {
    let text = incoming.priority.as_deref().unwrap_or_default();
    match text.parse() {
        Ok(priority) => run.config.methods.takes(priority).then_some(priority),
        Err(error) => {
            if let Some(unlogged) = run.logs.messages.pass() {
                let event_type = incoming.event_type.as_deref().map(short);
                tracing::warn!(
                    listener = run.config.label,
                    event_type,
                    unlogged,
                    "notification dropped: {}",
                    line(&error.to_string(), 160)
                );
            }
            None
        }
    }
}

fn event(run: &Run, incoming: IncomingNotification, priority: Priority, origin: &Origin) -> Event {
    let source = run.config.sources.get(origin.route);
    let (exchange, topic) = source.map(|source| (&*source.exchange, &*source.topic)).unwrap_or_default();
    let named = |name: &str| if name.is_empty() { None } else { Some(name.into()) };
    let target = Target { exchange: named(exchange), topic: named(topic), ..Target::default() };
    let delivery =
        context::Delivery { target, redelivered: origin.redelivered, ..context::Delivery::default() };
    Event {
        context: Context::received(incoming.context, delivery),
        priority,
        event_type: incoming.event_type.unwrap_or_default(),
        publisher_id: incoming.publisher_id.unwrap_or_default(),
        payload: incoming.payload,
        message_id: incoming.message_id.unwrap_or_default(),
        timestamp: incoming.timestamp.unwrap_or_default(),
        exchange: exchange.to_owned(),
        topic: topic.to_owned(),
        redeliveries: origin.deliveries_before(),
    }
}

/// A message that cannot be read is thrown away, as in Python, unless the dead letters are to have it. One that is only over a
/// limit is somebody's notification: they always have it.
async fn refuse(run: &Run, malformed: &Malformed, origin: Origin, ack: AckHandle) {
    run.counters.malformed.add();
    if let Some(unlogged) = run.logs.messages.pass() {
        tracing::warn!(listener = run.config.label, unlogged, "message refused: {}", malformed.cause);
    }
    if !run.config.dead_letter_malformed && !malformed.over_limit {
        return ack.reject(false);
    }
    if bury(run, origin, &malformed.to_string(), &malformed.to_string()).await {
        ack.ack();
    } else {
        ack.reject(true);
    }
}
