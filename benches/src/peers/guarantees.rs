//! What each peer promises for its figures, as they are printed beside them.

use bench_load::What;
use serde_json::{Value, json};

use super::Contender;
use crate::cli::{LapinMode, OursMode};

impl Contender {
    /// What this peer promises for its figures.
    pub(crate) fn guarantees(self, what: What) -> Value {
        if what.is_of_notifications() {
            return self.notification_guarantees();
        }
        match self {
            Self::Lapin(LapinMode::Equal) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply",
            }),
            Self::Lapin(LapinMode::RepliesUnacked) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, no reply",
            }),
            Self::Ours(OursMode::Unconfirmed) => json!({
                "request": "mandatory, unconfirmed, returns noticed by a question every 5 ms at most",
                "reply": "mandatory, confirmed",
                "ack": "requests before dispatch and replies, as many as came together",
            }),
            Self::Ours(_) | Self::Lapin(LapinMode::Tuned | LapinMode::TunedInRuntime) => json!({
                "request": "mandatory, confirmed", "reply": "mandatory, confirmed",
                "ack": "requests before dispatch and replies, as many as came together",
            }),
            Self::Lapin(LapinMode::Unconfirmed) => json!({
                "request": "mandatory, unconfirmed", "reply": "mandatory, unconfirmed", "ack": "32 requests at a time, no reply",
            }),
            Self::Python => json!({
                "request": "mandatory (at_least_once), confirmed", "reply": "mandatory, confirmed",
                "ack": "each request before dispatch, each reply",
                "executor": "threading", "threads": "as many as in flight, at most 64",
            }),
            Self::Framework(framework) => json!({
                "request": "none beyond the connection's", "protocol": framework.protocol(),
            }),
        }
    }

    fn notification_guarantees(self) -> Value {
        match self {
            Self::Lapin(LapinMode::Unconfirmed) => json!({
                "notification": "mandatory, unconfirmed, awaited into the socket", "ack": "at most 32 notifications at a time",
            }),
            Self::Ours(_) | Self::Lapin(_) => json!({
                "notification": "mandatory, confirmed", "ack": "each after its handler",
            }),
            Self::Python => json!({
                "notification": "confirmed", "ack": "each after its handler",
                "executor": "threading", "threads": "as many as in flight, at most 64",
            }),
            Self::Framework(_) => Value::Null,
        }
    }
}
