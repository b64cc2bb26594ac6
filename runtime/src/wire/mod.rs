//! Bytes to messages and back: envelope 2.0 and bare 1.0, requests, replies, failures, limits. Pure functions that know
//! neither sockets nor tokio.

mod compress;
mod debug;
mod envelope;
mod failure;
mod inner;
mod limits;
mod notification;
mod number;
mod oddities;
mod oslo2;
mod reply;
mod request;
mod shown;
mod tagged;

pub use compress::Compression;
#[cfg(feature = "transport")]
pub(crate) use debug::Bytes;
pub use limits::{Limits, OverLimit};
pub use oslo2::Oslo2;
pub(crate) use shown::{line, short};

use crate::context::Context;
use crate::error::{RejectionKind, RemoteFailure};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::notify::Priority;
use crate::version::Version;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The properties of a message that peers look at, on any broker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// `application/json`; a received message without exactly that is rejected.
    pub content_type: Option<Cow<'static, str>>,
    /// `utf-8`; not looked at when received.
    pub content_encoding: Option<Cow<'static, str>>,
    /// Header `compression`: `application/x-gzip` or `application/x-bz2`.
    pub compression: Option<Cow<'static, str>>,
    /// How long the broker keeps it.
    pub expiration: Option<Duration>,
    /// Whether the broker writes it to disk on a durable queue (delivery mode 2).
    pub persistent: bool,
    /// Other headers, texts and integers only: what a listener keeps of a notification's past.
    pub headers: Vec<(Cow<'static, str>, Header)>,
}

impl Properties {
    /// The header of this name.
    pub fn header(&self, name: &str) -> Option<&Header> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// A text.
    Text(String),
    /// An integer.
    Integer(i64),
}

/// A request to encode.
pub struct OutgoingRequest<'a> {
    /// Wire name of the method.
    pub method: &'a str,
    /// A JSON object, already encoded.
    pub args: &'a str,
    /// Namespace; left out when absent.
    pub namespace: Option<&'a str>,
    /// Version; left out when absent.
    pub version: Option<Version>,
    /// The call's part; absent for a cast.
    pub call: Option<OutgoingCall<'a>>,
    /// Fresh for each publish.
    pub unique_id: MessageId,
    /// Context entries.
    pub context: &'a Context,
}

/// What a call adds to a request.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingCall<'a> {
    /// `_msg_id`.
    pub message_id: MessageId,
    /// `_reply_q`.
    pub reply_to: &'a str,
    /// `_timeout`: the call monitor's timeout, not the call's.
    pub monitor: Option<Duration>,
    /// The call's timeout: the message's expiration, and `_deadline_ms`.
    pub timeout: Duration,
}

/// A reply to encode.
#[derive(Debug)]
pub struct OutgoingReply<'a> {
    /// `_msg_id` of the request, as it was sent.
    pub message_id: &'a str,
    /// Fresh for each publish.
    pub unique_id: MessageId,
    /// What it says.
    pub body: OutgoingReplyBody<'a>,
}

/// What a reply says.
pub enum OutgoingReplyBody<'a> {
    /// The method's result: a JSON value, already encoded.
    Result(&'a str),
    /// The method's failure.
    Failure(&'a RemoteFailure),
    /// The server refused to run it. On the wire a failure like any other, with the inner key `_refused` (the kind in
    /// snake_case) beside `_peer`, which makes the refusal certain for a Rust client.
    Refusal {
        /// What a Python client sees.
        failure: &'a RemoteFailure,
        /// What kind.
        kind: RejectionKind,
    },
    /// The method still runs.
    Heartbeat,
}

/// A notification to encode.
pub struct OutgoingNotification<'a> {
    /// Its id, a UUID with dashes.
    pub message_id: &'a str,
    /// Who sends it.
    pub publisher_id: Option<&'a str>,
    /// What has happened.
    pub event_type: &'a str,
    /// Its priority.
    pub priority: Priority,
    /// A JSON value, already encoded.
    pub payload: &'a str,
    /// When it was made: UTC, as `2026-11-22 04:48:58.255225`.
    pub timestamp: &'a str,
    /// Fresh for each message, the same when a message is sent again.
    pub unique_id: MessageId,
    /// Context entries.
    pub context: &'a Context,
    /// Without envelope, as format 1.0 has it (Python's driver `messaging`).
    pub bare: bool,
}

/// A decoded notification.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingNotification {
    /// `message_id`, if it is a text.
    pub message_id: Option<String>,
    /// `publisher_id`, if it is a text.
    pub publisher_id: Option<String>,
    /// `event_type`, if it is a text.
    pub event_type: Option<String>,
    /// `priority` as sent, if it is a text.
    pub priority: Option<String>,
    /// `payload`; JSON `null` when absent.
    pub payload: RawJson,
    /// `timestamp`, if it is a text.
    pub timestamp: Option<String>,
    /// `_unique_id`, if sent.
    pub unique_id: Option<String>,
    /// Context entries in wire order, without the `_context_` prefix.
    pub context: Vec<(String, RawJson)>,
}

/// A decoded request.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingRequest {
    /// Wire name of the method.
    pub method: String,
    /// The arguments in wire order.
    pub args: Vec<(String, RawJson)>,
    /// Namespace; `null` and absent are the same.
    pub namespace: Option<String>,
    /// Version as sent.
    pub version: IncomingVersion,
    /// `_msg_id`; absent for a cast. Kept as sent: a peer may use another form of id.
    pub message_id: Option<Arc<str>>,
    /// `_reply_q`.
    pub reply_to: Option<Arc<str>>,
    /// `_timeout` in seconds as sent: the call monitor's timeout.
    pub monitor: Option<Duration>,
    /// `_unique_id`, if sent.
    pub unique_id: Option<String>,
    /// What remained of the caller's timeout at sending: `_deadline_ms`, or the message's expiration where that is less.
    pub remaining: Option<Duration>,
    /// Context entries in wire order, without the `_context_` prefix.
    pub context: Vec<(String, RawJson)>,
}

/// The version of a request as sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncomingVersion {
    /// No version: means 1.0.
    Absent,
    /// `null`: nothing serves it.
    Null,
    /// A version.
    Is(Version),
    /// A text that is no version.
    Invalid(String),
}

/// A decoded reply.
#[derive(Clone)]
#[non_exhaustive]
pub struct IncomingReply {
    /// `_msg_id`.
    pub message_id: String,
    /// `_unique_id`, if it is 32 hex digits.
    pub unique_id: Option<MessageId>,
    /// `result`; `None` when null or absent.
    pub result: Option<RawJson>,
    /// `failure`, read from its JSON text.
    pub failure: Option<RemoteFailure>,
    /// `ending`; false is a heartbeat or the first of two parts.
    pub ending: bool,
    /// Whether the peer marked itself as ours (`_peer`).
    pub rust_peer: bool,
    /// `_refused`: a Rust peer's word that `failure` is a refusal and nothing has run.
    pub refused: Option<RejectionKind>,
}

/// A received message that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed message: {cause}")]
pub struct Malformed {
    /// What is wrong, without the message's content.
    pub cause: String,
    /// Whether it is over one of the [`Limits`]: a message that others could read.
    pub over_limit: bool,
    /// Where a typed failure can go, if that much of a request could be read.
    pub answer_to: Option<Box<AnswerTo>>,
    /// Which call it answers (`_msg_id`), if that much of a reply could be read: it has no better answer to wait for.
    pub answers: Option<Box<str>>,
}

/// Where to answer a request that cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTo {
    /// `_msg_id`.
    pub message_id: Arc<str>,
    /// `_reply_q`.
    pub reply_to: Arc<str>,
    /// Method, if it could be read.
    pub method: Option<String>,
    /// The exception that Python would have answered with: `UnsupportedVersion` of `oslo_messaging.rpc.dispatcher`, or one of
    /// `builtins` (`TypeError`, `AttributeError`; `ValueError` where a limit is exceeded).
    pub class: &'static str,
}

impl AnswerTo {
    /// Python module of [`class`](Self::class).
    pub fn module(&self) -> &'static str {
        if self.class == "UnsupportedVersion" { "oslo_messaging.rpc.dispatcher" } else { "builtins" }
    }
}

/// How messages look on a broker: a pure codec.
pub trait WireFormat: fmt::Debug + Send + Sync {
    /// Writes a request's body to the end of `body`.
    ///
    /// # Errors
    /// When a reader with the same limits would refuse it. What is then in `body` is not to be sent.
    fn encode_request(
        &self,
        request: &OutgoingRequest<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, OverLimit>;

    /// Writes a reply's body to the end of `body`.
    ///
    /// # Errors
    /// When a reader with the same limits would refuse it. What is then in `body` is not to be sent.
    fn encode_reply(
        &self,
        reply: &OutgoingReply<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, OverLimit>;

    /// Writes a notification's body to the end of `body`.
    ///
    /// # Errors
    /// When a reader with these limits would refuse it, or read something else: `__type__` and `__value__` in the bare
    /// format. Then nothing is written.
    fn encode_notification(
        &self,
        notification: &OutgoingNotification<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, Unsendable>;

    /// Reads a notification.
    ///
    /// # Errors
    /// When it cannot be read.
    fn decode_notification(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingNotification, Malformed>;

    /// Reads a request.
    ///
    /// # Errors
    /// When it cannot be read; says whether and where it can be answered.
    fn decode_request(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingRequest, Malformed>;

    /// Reads a reply.
    ///
    /// # Errors
    /// When it cannot be read.
    fn decode_reply(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingReply, Malformed>;

    /// The unique id in a body of our own that the broker gave back.
    fn unique_id(&self, body: &[u8], properties: &Properties) -> Option<MessageId>;
}

/// A notification that this format cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// Payload or context would mean something else to its reader.
    #[error(
        "an object whose only keys are `__type__` and `__value__` means something else without an envelope"
    )]
    Ambiguous,
    /// Its body is over the limit, plain or compressed.
    #[error("its body of {size} bytes is over the limit of {limit} bytes")]
    TooLarge {
        /// Size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// It is nested too deep or has too many keys; what it has and what is allowed.
    #[error("{0}")]
    OverLimit(String),
}
