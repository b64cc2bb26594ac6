//! A notification on its way into drivers: everything is settled but where each driver takes it.

use super::priority::Priority;
use crate::context::Context;
use crate::json::RawJson;
use std::fmt;
use std::sync::Arc;
use tokio::time::Instant;

/// A notification as drivers get it.
///
/// Corresponds to the `msg` dict that oslo.messaging gives its drivers, with `ctxt`, `priority` and `retry`.
#[derive(Clone)]
#[non_exhaustive]
pub struct PreparedNotification {
    /// The context, without entries that must not leave the process.
    pub context: Context,
    /// Its id, a UUID with dashes, the same for all drivers and topics.
    pub message_id: String,
    /// Who sends it.
    pub publisher_id: Option<Arc<str>>,
    /// What has happened.
    pub event_type: String,
    /// Its priority.
    pub priority: Priority,
    /// What it says.
    pub payload: RawJson,
    /// When it was made: UTC, `2026-11-22 04:48:58.255225`.
    pub timestamp: String,
    /// Topics to send it to, for drivers that have such.
    pub topics: Arc<[Arc<str>]>,
    /// How often sending may be tried again; `None` is no limit.
    pub retry: Option<u32>,
    /// Until when a driver may try; `None` is no limit.
    pub deadline: Option<Instant>,
}

/// Leaves the payload out: it may hold secrets.
impl fmt::Debug for PreparedNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedNotification")
            .field("priority", &self.priority)
            .field("event_type", &self.event_type)
            .field("publisher_id", &self.publisher_id)
            .field("message_id", &self.message_id)
            .field("topics", &self.topics)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
