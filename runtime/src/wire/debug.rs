//! `Debug` of what messages hold: names and lengths, for arguments, results, payloads and contexts may be secrets and a
//! `{:?}` ends in a log soon enough.

use super::{
    IncomingNotification, IncomingReply, IncomingRequest, OutgoingNotification, OutgoingReplyBody,
    OutgoingRequest,
};
use crate::json::RawJson;
use std::fmt;

/// So many bytes, in place of them.
pub(crate) struct Bytes(pub(crate) usize);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0)
    }
}

/// The names, and how long their values are.
struct Members<'a>(&'a [(String, RawJson)]);

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, value)| (name, value.hidden()))).finish()
    }
}

impl RawJson {
    /// Its length, for a `Debug`.
    pub(crate) fn hidden(&self) -> Bytes {
        Bytes(self.as_str().len())
    }
}

impl fmt::Debug for OutgoingRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("method", &self.method)
            .field("args", &Bytes(self.args.len()))
            .field("namespace", &self.namespace)
            .field("version", &self.version)
            .field("call", &self.call)
            .field("unique_id", &self.unique_id)
            .field("context", &self.context)
            .finish()
    }
}

impl fmt::Debug for OutgoingReplyBody<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(result) => f.debug_tuple("Result").field(&Bytes(result.len())).finish(),
            Self::Failure(failure) => f.debug_tuple("Failure").field(failure).finish(),
            Self::Refusal { failure, kind } => {
                f.debug_struct("Refusal").field("failure", failure).field("kind", kind).finish()
            }
            Self::Heartbeat => f.write_str("Heartbeat"),
        }
    }
}

impl fmt::Debug for OutgoingNotification<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingNotification")
            .field("message_id", &self.message_id)
            .field("publisher_id", &self.publisher_id)
            .field("event_type", &self.event_type)
            .field("priority", &self.priority)
            .field("payload", &Bytes(self.payload.len()))
            .field("timestamp", &self.timestamp)
            .field("unique_id", &self.unique_id)
            .field("context", &self.context)
            .field("bare", &self.bare)
            .finish()
    }
}

impl fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("method", &self.method)
            .field("args", &Members(&self.args))
            .field("namespace", &self.namespace)
            .field("version", &self.version)
            .field("message_id", &self.message_id)
            .field("reply_to", &self.reply_to)
            .field("monitor", &self.monitor)
            .field("unique_id", &self.unique_id)
            .field("remaining", &self.remaining)
            .field("context", &Members(&self.context))
            .finish()
    }
}

impl fmt::Debug for IncomingReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingReply")
            .field("message_id", &self.message_id)
            .field("unique_id", &self.unique_id)
            .field("result", &self.result.as_ref().map(RawJson::hidden))
            .field("failure", &self.failure)
            .field("ending", &self.ending)
            .field("rust_peer", &self.rust_peer)
            .field("refused", &self.refused)
            .finish()
    }
}

impl fmt::Debug for IncomingNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingNotification")
            .field("message_id", &self.message_id)
            .field("publisher_id", &self.publisher_id)
            .field("event_type", &self.event_type)
            .field("priority", &self.priority)
            .field("payload", &self.payload.hidden())
            .field("timestamp", &self.timestamp)
            .field("unique_id", &self.unique_id)
            .field("context", &Members(&self.context))
            .finish()
    }
}
