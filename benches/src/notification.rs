//! A notification with the keys that oslo.messaging writes, for those who write it by hand: the bare peer and the filler.

use std::borrow::Cow;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The event type that all peers send.
pub(crate) const EVENT_TYPE: &str = "bench.happened";
/// The publisher id that all peers send.
pub(crate) const PUBLISHER_ID: &str = "bench.host-1";

/// How a notification stands in a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A plain JSON object.
    Plain,
    /// JSON text within the envelope 2.0.
    Enveloped,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Notification<'a> {
    #[serde(borrow)]
    pub(crate) message_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) publisher_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) event_type: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) priority: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) payload: Payload<'a>,
    #[serde(borrow)]
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(borrow, rename = "_unique_id")]
    pub(crate) unique_id: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Payload<'a> {
    #[serde(borrow)]
    pub(crate) data: Cow<'a, str>,
}

#[derive(Serialize)]
struct Envelope {
    #[serde(rename = "oslo.version")]
    version: &'static str,
    #[serde(rename = "oslo.message")]
    message: String,
}

impl<'a> Notification<'a> {
    /// One that has happened just now.
    pub(crate) fn new(data: &'a str) -> Self {
        let timestamp = humantime::format_rfc3339_micros(SystemTime::now()).to_string();
        Self {
            message_id: Uuid::new_v4().to_string().into(),
            publisher_id: PUBLISHER_ID.into(),
            event_type: EVENT_TYPE.into(),
            priority: "INFO".into(),
            payload: Payload { data: data.into() },
            timestamp: timestamp.trim_end_matches('Z').replace('T', " ").into(),
            unique_id: Uuid::new_v4().simple().to_string().into(),
        }
    }

    pub(crate) fn encode(&self, form: Form) -> serde_json::Result<Vec<u8>> {
        match form {
            Form::Plain => serde_json::to_vec(self),
            Form::Enveloped => {
                serde_json::to_vec(&Envelope { version: "2.0", message: serde_json::to_string(self)? })
            }
        }
    }
}
