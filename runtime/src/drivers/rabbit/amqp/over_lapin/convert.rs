//! Between our plain types and lapin's.

use crate::drivers::rabbit::amqp::{AmqpError, Scope};
use crate::wire::{Header, Properties};
use lapin::protocol::AMQPErrorKind;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, ErrorKind};
use std::borrow::Cow;
use std::time::Duration;

const JSON: &str = "application/json";
const UTF8: &str = "utf-8";
const COMPRESSION: &str = "compression";
/// Longest short string.
const SHORT: usize = 255;

/// What the protocol calls a short string; lapin's own conversion panics at a longer one.
pub(super) fn short(text: &str) -> Result<ShortString, AmqpError> {
    ShortString::try_new(text).map_err(|_| {
        let text = format!("a name is longer than {SHORT} bytes: {text:?}");
        AmqpError { code: None, scope: Scope::Channel, text }
    })
}

/// The properties of every message that Python sends: type, encoding, a headers table, delivery mode 2, priority 0.
pub(super) fn to_lapin(properties: &Properties) -> BasicProperties {
    let mut headers = FieldTable::default();
    if let Some(compression) = &properties.compression {
        headers.insert(COMPRESSION.into(), AMQPValue::LongString(compression.as_ref().into()));
    }
    for (name, value) in properties.headers.iter().filter(|(name, _)| name.len() <= SHORT) {
        let value = match value {
            Header::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Header::Integer(number) => AMQPValue::LongLongInt(*number),
        };
        headers.insert(name.as_ref().into(), value);
    }
    let mut out = BasicProperties::default()
        .with_headers(headers)
        .with_delivery_mode(if properties.persistent { 2 } else { 1 })
        .with_priority(0);
    if let Some(content_type) = &properties.content_type {
        out = out.with_content_type(content_type.as_ref().into());
    }
    if let Some(encoding) = &properties.content_encoding {
        out = out.with_content_encoding(encoding.as_ref().into());
    }
    if let Some(expiration) = properties.expiration {
        out = out.with_expiration(expiration.as_millis().to_string().into());
    }
    out
}

pub(super) fn from_lapin(properties: &BasicProperties) -> Properties {
    let mut compression = None;
    let mut headers = Vec::new();
    for (name, value) in properties.headers().iter().flat_map(FieldTable::inner) {
        match (name.as_str(), value) {
            (COMPRESSION, AMQPValue::LongString(name)) => compression = Some(Cow::Owned(name.to_string())),
            (COMPRESSION, AMQPValue::ShortString(name)) => compression = Some(Cow::Owned(name.to_string())),
            (name, value) => headers.extend(header(value).map(|value| (Cow::Owned(name.to_owned()), value))),
        }
    }
    Properties {
        content_type: properties.content_type().as_ref().map(|text| known(text, JSON)),
        content_encoding: properties.content_encoding().as_ref().map(|text| known(text, UTF8)),
        compression,
        expiration: properties
            .expiration()
            .as_ref()
            .and_then(|text| text.as_str().parse().ok())
            .map(Duration::from_millis),
        persistent: *properties.delivery_mode() == Some(2),
        headers,
    }
}

/// A header that is a text or an integer; others are nothing to us.
fn header(value: &AMQPValue) -> Option<Header> {
    match value {
        AMQPValue::LongString(text) => Some(Header::Text(text.to_string())),
        AMQPValue::ShortString(text) => Some(Header::Text(text.to_string())),
        AMQPValue::ShortShortInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::ShortShortUInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::ShortInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::ShortUInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::LongInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::LongUInt(number) => Some(Header::Integer((*number).into())),
        AMQPValue::LongLongInt(number) => Some(Header::Integer(*number)),
        _ => None,
    }
}

/// Nearly every message carries the same two texts: they are borrowed, not copied.
fn known(text: &ShortString, usual: &'static str) -> Cow<'static, str> {
    if text.as_str() == usual { Cow::Borrowed(usual) } else { Cow::Owned(text.to_string()) }
}

pub(super) fn error(error: &lapin::Error) -> AmqpError {
    match error.kind() {
        ErrorKind::ProtocolError(amqp) => AmqpError {
            code: Some(amqp.get_id()),
            scope: if matches!(amqp.kind(), AMQPErrorKind::Soft(_)) {
                Scope::Channel
            } else {
                Scope::Connection
            },
            text: amqp.get_message().to_string(),
        },
        ErrorKind::InvalidChannelState(..)
        | ErrorKind::InvalidChannel(_)
        | ErrorKind::ChannelsLimitReached => {
            AmqpError { code: None, scope: Scope::Channel, text: error.to_string() }
        }
        _ => AmqpError { code: None, scope: Scope::Connection, text: error.to_string() },
    }
}
