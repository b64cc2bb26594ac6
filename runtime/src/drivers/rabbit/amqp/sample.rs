//! Messages for the tests of a connection.

use super::{Message, OnOutcome, Outcome};
use crate::id::MessageId;
use crate::wire::Properties;
use tokio::sync::oneshot;

/// A mandatory message to `queue` over the default exchange, as an oslo peer would send it.
pub(in crate::drivers::rabbit) fn message(queue: &str, text: &str) -> Message {
    let unique_id = MessageId::random();
    let inner = serde_json::json!({ "_unique_id": unique_id.as_str(), "text": text }).to_string();
    let body = serde_json::json!({ "oslo.version": "2.0", "oslo.message": inner }).to_string().into_bytes();
    let properties = Properties { content_type: Some("application/json".into()), ..Properties::default() };
    Message { exchange: "".into(), routing_key: queue.into(), mandatory: true, properties, body, unique_id }
}

/// Somebody who waits for an outcome.
pub(in crate::drivers::rabbit) fn outcome() -> (OnOutcome, oneshot::Receiver<Outcome>) {
    let (told, outcome) = oneshot::channel();
    let on_outcome = Box::new(move |outcome, _| {
        // Whoever looks no more has ended.
        let _ = told.send(outcome);
    });
    (on_outcome, outcome)
}
