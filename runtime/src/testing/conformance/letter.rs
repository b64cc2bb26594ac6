//! The messages of the suite: requests whose method is the text, written and read with the driver's own format.

use crate::context::Context;
use crate::id::MessageId;
use crate::wire::{
    Header, Limits, Malformed, OutgoingReply, OutgoingReplyBody, OutgoingRequest, Properties, WireFormat,
};
use std::time::Duration;

/// A message to publish.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter<'a> {
    text: &'a str,
    args: &'a str,
    reply: bool,
    expires: Option<Duration>,
    headers: &'a [(&'static str, Header)],
    pub(super) mandatory: bool,
}

impl<'a> Letter<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, args: "{}", reply: false, expires: None, headers: &[], mandatory: false }
    }

    /// A reply instead of a request.
    pub(super) fn reply(text: &'a str) -> Self {
        Self { reply: true, ..Self::new(text) }
    }

    /// With this JSON object as arguments, to give it a size.
    pub(super) fn args(self, args: &'a str) -> Self {
        Self { args, ..self }
    }

    pub(super) fn expires(self, after: Duration) -> Self {
        Self { expires: Some(after), ..self }
    }

    pub(super) fn headers(self, headers: &'a [(&'static str, Header)]) -> Self {
        Self { headers, ..self }
    }

    pub(super) fn mandatory(self) -> Self {
        Self { mandatory: true, ..self }
    }

    pub(super) fn encode(&self, format: &dyn WireFormat, unique_id: MessageId) -> (Vec<u8>, Properties) {
        const NO_LIMITS: Limits = Limits { body: usize::MAX, depth: usize::MAX, keys: usize::MAX };
        let mut body = Vec::new();
        let encoded = if self.reply {
            let reply =
                OutgoingReply { message_id: self.text, unique_id, body: OutgoingReplyBody::Result("null") };
            format.encode_reply(&reply, &NO_LIMITS, &mut body)
        } else {
            let context = Context::new();
            let request = OutgoingRequest {
                method: self.text,
                args: self.args,
                namespace: None,
                version: None,
                call: None,
                unique_id,
                context: &context,
            };
            format.encode_request(&request, &NO_LIMITS, &mut body)
        };
        // Without limits nothing is over one.
        let mut properties = encoded.unwrap_or_default();
        properties.expiration = self.expires;
        properties.headers.extend(self.headers.iter().map(|(name, value)| ((*name).into(), value.clone())));
        (body, properties)
    }
}

/// The text of a request.
pub(super) fn read(
    format: &dyn WireFormat,
    body: &[u8],
    properties: &Properties,
) -> Result<String, Malformed> {
    format.decode_request(body, properties, &Limits::default()).map(|request| request.method)
}

/// The text of a reply.
pub(super) fn read_reply(
    format: &dyn WireFormat,
    body: &[u8],
    properties: &Properties,
) -> Result<String, Malformed> {
    format.decode_reply(body, properties, &Limits::default()).map(|reply| reply.message_id)
}
