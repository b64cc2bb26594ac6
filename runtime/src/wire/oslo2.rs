//! The wire format of oslo.messaging on RabbitMQ: envelope 2.0, read also without an envelope (1.0).

use super::compress::{Compression, compress, decompress};
use super::inner::Inner;
use super::oddities::OddityCounter;
use super::{
    IncomingNotification, IncomingReply, IncomingRequest, Limits, Malformed, OutgoingNotification,
    OutgoingReply, OutgoingRequest, OverLimit, Properties, Unsendable, WireFormat, envelope, notification,
    reply, request, tagged,
};
use crate::id::MessageId;
use crate::json::Oddities;
use std::borrow::Cow;
use std::sync::Arc;

const CONTENT_TYPE: &str = "application/json";

/// The format that oslo.messaging speaks on RabbitMQ and in memory. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Oslo2 {
    compression: Option<Compression>,
    oddities: Arc<OddityCounter>,
}

impl Oslo2 {
    /// Without compression.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compresses what it writes. What it reads says itself whether it is compressed.
    #[must_use]
    pub fn with_compression(mut self, compression: Option<Compression>) -> Self {
        self.compression = compression;
        self
    }

    /// How many values that only Python's JSON has were received so far.
    pub fn oddities(&self) -> Oddities {
        self.oddities.total()
    }

    /// Writes a body with `encode`, compressed if so set, and gives the properties that all messages share, and its size
    /// before compression.
    fn write(&self, body: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) -> (Properties, usize) {
        let mut properties = Properties {
            content_type: Some(Cow::Borrowed(CONTENT_TYPE)),
            content_encoding: Some(Cow::Borrowed("utf-8")),
            persistent: true,
            ..Properties::default()
        };
        if let Some(compression) = self.compression {
            let mut plain = Vec::new();
            encode(&mut plain);
            let (begin, size) = (body.len(), plain.len());
            match compress(compression, &plain, body) {
                Ok(()) => properties.compression = Some(Cow::Borrowed(compression.header())),
                Err(error) => {
                    tracing::error!(%error, "a body was not compressed and goes out plain");
                    body.truncate(begin);
                    body.append(&mut plain);
                }
            }
            return (properties, size);
        }
        let begin = body.len();
        encode(body);
        (properties, body.len() - begin)
    }

    /// The inner message of a received body.
    fn read(&self, body: &[u8], properties: &Properties, limits: &Limits) -> Result<Inner, Malformed> {
        self.read_either(body, properties, limits).map(|(inner, _)| inner)
    }

    /// The inner message of a received body, and whether it came without envelope.
    fn read_either(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<(Inner, bool), Malformed> {
        if properties.content_type.as_deref() != Some(CONTENT_TYPE) {
            let got: String =
                properties.content_type.as_deref().unwrap_or("none").escape_debug().take(40).collect();
            return Err(Malformed::unanswerable(format!("content type must be {CONTENT_TYPE}, got {got}")));
        }
        if body.len() > limits.body {
            let (size, limit) = (body.len(), limits.body);
            return Err(Malformed::over_limit(format!("the body of {size} bytes is over {limit} bytes")));
        }
        let plain;
        let body = match properties.compression.as_deref() {
            Some(header) => {
                plain = decompress(body, header, limits.body)?;
                &plain
            }
            None => body,
        };
        envelope::open(body).map(|(text, bare)| (Inner::new(text), bare))
    }
}

impl WireFormat for Oslo2 {
    fn encode_request(
        &self,
        request: &OutgoingRequest<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, OverLimit> {
        request::allow(request, limits)?;
        let (mut properties, size) = self.write(body, |body| request::encode(request, body));
        limits.allow_body(size)?;
        properties.expiration = request.call.as_ref().map(|call| call.timeout);
        Ok(properties)
    }

    fn encode_reply(
        &self,
        reply: &OutgoingReply<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, OverLimit> {
        reply::allow(reply, limits)?;
        let (properties, size) = self.write(body, |body| reply::encode(reply, body));
        limits.allow_body(size)?;
        Ok(properties)
    }

    fn encode_notification(
        &self,
        notification: &OutgoingNotification<'_>,
        limits: &Limits,
        body: &mut Vec<u8>,
    ) -> Result<Properties, Unsendable> {
        notification::allow(notification, limits).map_err(|over| Unsendable::OverLimit(over.to_string()))?;
        let text = notification::message(notification);
        let mut sent_along = notification.context.entries().map(|(_, value)| value.as_str());
        if notification.bare && (tagged::is_in(notification.payload) || sent_along.any(tagged::is_in)) {
            return Err(Unsendable::Ambiguous);
        }
        let begin = body.len();
        let (properties, size) =
            self.write(body, |body| notification::encode(&text, notification.bare, body));
        // Readers look at both sizes.
        let (size, limit) = (size.max(body.len() - begin), limits.body);
        if size > limit {
            body.truncate(begin);
            return Err(Unsendable::TooLarge { size, limit });
        }
        Ok(properties)
    }

    fn decode_notification(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingNotification, Malformed> {
        let (inner, bare) = self.read_either(body, properties, limits)?;
        let (notification, oddities) = notification::decode(&inner, bare, limits)?;
        self.oddities.count(notification.event_type.as_deref().unwrap_or("(notification)"), oddities);
        Ok(notification)
    }

    fn unique_id(&self, body: &[u8], properties: &Properties) -> Option<MessageId> {
        let limits = Limits { body: usize::MAX, ..Limits::default() };
        let inner = self.read(body, properties, &limits).ok()?;
        notification::unique_id(&inner)?.parse().ok()
    }

    fn decode_request(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingRequest, Malformed> {
        let inner = self.read(body, properties, limits)?;
        let (mut request, oddities) = request::decode(&inner, limits)?;
        // A request that waited for its sender's connection says so in the properties only: its body was written before.
        request.remaining =
            request.remaining.map(|remaining| properties.expiration.unwrap_or(remaining).min(remaining));
        self.oddities.count(&request.method, oddities);
        Ok(request)
    }

    fn decode_reply(
        &self,
        body: &[u8],
        properties: &Properties,
        limits: &Limits,
    ) -> Result<IncomingReply, Malformed> {
        let inner = self.read(body, properties, limits)?;
        let (reply, oddities) = reply::decode(&inner, limits)?;
        self.oddities.count("(reply)", oddities);
        Ok(reply)
    }
}
