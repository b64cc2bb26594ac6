//! Frames to bytes and back.
//!
//! What a message on its way costs is written and read here, without a value in between: publish, acknowledgement,
//! delivery, confirmation, and their properties. Everything else goes through `amq-protocol`, but for what has a table in
//! it: its parser goes into nested ones as deep as somebody has nested them.

use super::super::{AmqpError, Message, Scope};
use crate::wire::{Header, Properties};
use amq_protocol::frame::{AMQPFrame, WriteContext, gen_frame};
use amq_protocol::protocol::{AMQPClass, parse_class};
use std::borrow::Cow;
use std::time::Duration;

/// Type, channel and size.
pub(super) const HEAD: usize = 7;
/// Head and end octet.
pub(super) const OVERHEAD: usize = HEAD + 1;
const END: u8 = 0xCE;

pub(super) const METHOD: u8 = 1;
pub(super) const CONTENT: u8 = 2;
pub(super) const BODY: u8 = 3;
pub(super) const HEARTBEAT: u8 = 8;

const CONNECTION: u16 = 10;
const START: u16 = 10;
const BASIC: u16 = 60;
const PUBLISH: u16 = 40;
const DELIVER: u16 = 60;
const ACK: u16 = 80;

const JSON: &str = "application/json";
const UTF8: &str = "utf-8";
const COMPRESSION: &str = "compression";

/// What the protocol calls a short string is at most this long.
pub(super) const SHORT: usize = 255;

/// One frame as it was received.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) channel: u16,
    pub(super) payload: &'a [u8],
}

/// The first frame of `bytes` and its length; `None` when it is not complete yet.
pub(super) fn frame(bytes: &[u8], largest: usize) -> Result<Option<(Frame<'_>, usize)>, AmqpError> {
    let [kind, c1, c2, s1, s2, s3, s4, rest @ ..] = bytes else { return Ok(None) };
    let size = u32::from_be_bytes([*s1, *s2, *s3, *s4]) as usize;
    if size > largest.saturating_sub(OVERHEAD) || !matches!(*kind, METHOD | CONTENT | BODY | HEARTBEAT) {
        return Err(malformed(format!("a frame of type {kind} with {size} bytes")));
    }
    match (rest.get(..size), rest.get(size)) {
        (Some(payload), Some(&END)) => {
            let channel = u16::from_be_bytes([*c1, *c2]);
            Ok(Some((Frame { kind: *kind, channel, payload }, size + OVERHEAD)))
        }
        (_, Some(end)) => Err(malformed(format!("a frame that ends with octet {end}"))),
        (_, None) => Ok(None),
    }
}

/// A method as it was received: those apart that are frequent, or read without their table.
pub(super) enum Method<'a> {
    /// The broker's greeting, with what of it matters.
    Start {
        mechanisms: &'a str,
    },
    Deliver {
        consumer: &'a str,
        tag: u64,
        redelivered: bool,
    },
    Ack {
        tag: u64,
        multiple: bool,
    },
    Other(AMQPClass),
}

pub(super) fn method(payload: &[u8]) -> Result<Method<'_>, AmqpError> {
    let mut bytes = Reader(payload);
    match (bytes.u16(), bytes.u16()) {
        (Some(BASIC), Some(DELIVER)) => {
            let delivered = (bytes.short(), bytes.u64(), bytes.u8());
            let (Some(consumer), Some(tag), Some(bits)) = delivered else {
                return Err(malformed("a short basic.deliver".to_owned()));
            };
            Ok(Method::Deliver { consumer, tag, redelivered: bits & 1 != 0 })
        }
        (Some(BASIC), Some(ACK)) => {
            let (Some(tag), Some(bits)) = (bytes.u64(), bytes.u8()) else {
                return Err(malformed("a short basic.ack".to_owned()));
            };
            Ok(Method::Ack { tag, multiple: bits & 1 != 0 })
        }
        (Some(CONNECTION), Some(START)) => {
            let greeted = (bytes.u16(), bytes.long(), bytes.long());
            let (Some(_version), Some(_properties), Some(mechanisms)) = greeted else {
                return Err(malformed("a short connection.start".to_owned()));
            };
            let mechanisms = std::str::from_utf8(mechanisms);
            mechanisms.map(|mechanisms| Method::Start { mechanisms }).map_err(unreadable)
        }
        (Some(class), Some(method)) if has_table(class, method) => {
            Err(malformed(format!("the method {class}.{method}, which only clients send")))
        }
        _ => parse_class(payload).map(|(_, class)| Method::Other(class)).map_err(unreadable),
    }
}

/// The methods with a table among their arguments; of them a broker sends the greeting alone.
fn has_table(class: u16, method: u16) -> bool {
    const EXCHANGE: u16 = 40;
    const QUEUE: u16 = 50;
    matches!(
        (class, method),
        (CONNECTION, START | 11) | (EXCHANGE, 10 | 30 | 40) | (QUEUE, 10 | 20 | 50) | (BASIC, 20)
    )
}

/// The body's size and the properties of a content header. The broker passes on what a producer has made up: properties
/// that cannot be read are none, and cost no more than that.
pub(super) fn content(payload: &[u8]) -> Result<(u64, Properties), AmqpError> {
    let mut bytes = Reader(payload);
    let (Some(_class), Some(_weight), Some(size)) = (bytes.u16(), bytes.u16(), bytes.u64()) else {
        return Err(malformed("a short content header".to_owned()));
    };
    let properties = read_properties(bytes).unwrap_or_else(|| {
        tracing::warn!(bytes = payload.len(), "a message whose properties cannot be read");
        Properties::default()
    });
    Ok((size, properties))
}

/// A method other than publish and ack.
pub(super) fn put_method(out: &mut Vec<u8>, channel: u16, class: AMQPClass) -> Result<(), AmqpError> {
    let frame = AMQPFrame::Method(channel, class);
    let (bytes, _) = gen_frame(&frame)(WriteContext::from(Vec::new()))
        .map_err(|error| refused(format!("a method that cannot be written: {error}")))?
        .into_inner();
    out.extend_from_slice(&bytes);
    Ok(())
}

pub(super) fn put_heartbeat(out: &mut Vec<u8>) {
    out.extend_from_slice(&[HEARTBEAT, 0, 0, 0, 0, 0, 0, END]);
}

pub(super) fn put_ack(out: &mut Vec<u8>, channel: u16, tag: u64, multiple: bool) {
    put_frame(out, METHOD, channel, |out| {
        put_u16(out, BASIC);
        put_u16(out, ACK);
        put_u64(out, tag);
        out.push(u8::from(multiple));
    });
}

/// A whole message: method, header, and the body in frames of at most `frame_max` bytes. Nothing where it is refused.
pub(super) fn put_publish(
    out: &mut Vec<u8>,
    channel: u16,
    frame_max: usize,
    message: &Message,
) -> Result<(), AmqpError> {
    for (what, text) in [("exchange", &message.exchange), ("routing key", &message.routing_key)] {
        if text.len() > SHORT {
            return Err(refused(format!("the {what} is longer than {SHORT} bytes: {text:?}")));
        }
    }
    let begin = out.len();
    out.reserve(message.body.len() + 256);
    put_frame(out, METHOD, channel, |out| {
        put_u16(out, BASIC);
        put_u16(out, PUBLISH);
        // Reserved by the protocol.
        put_u16(out, 0);
        put_short(out, &message.exchange);
        put_short(out, &message.routing_key);
        out.push(u8::from(message.mandatory));
    });
    let header = out.len();
    put_frame(out, CONTENT, channel, |out| {
        put_u16(out, BASIC);
        // The protocol's "weight", always 0.
        put_u16(out, 0);
        put_u64(out, message.body.len() as u64);
        put_properties(out, &message.properties);
    });
    let length = out.len() - header;
    if length > frame_max {
        out.truncate(begin);
        return Err(refused(format!("the headers take {length} bytes, one frame has room for {frame_max}")));
    }
    for chunk in message.body.chunks(frame_max - OVERHEAD) {
        put_frame(out, BODY, channel, |out| out.extend_from_slice(chunk));
    }
    Ok(())
}

const CONTENT_TYPE: u16 = 1 << 15;
const CONTENT_ENCODING: u16 = 1 << 14;
const HEADERS: u16 = 1 << 13;
const DELIVERY_MODE: u16 = 1 << 12;
const PRIORITY: u16 = 1 << 11;
const CORRELATION_ID: u16 = 1 << 10;
const REPLY_TO: u16 = 1 << 9;
const EXPIRATION: u16 = 1 << 8;

/// The properties of every message that Python sends: type, encoding, a headers table, delivery mode 2, priority 0.
fn put_properties(out: &mut Vec<u8>, properties: &Properties) {
    let Properties { content_type, content_encoding, compression, expiration, persistent, headers } =
        properties;
    // A longer text than the protocol has room for is ours alone, and no peer could mean anything by it.
    let content_type = content_type.as_deref().filter(|text| text.len() <= SHORT);
    let content_encoding = content_encoding.as_deref().filter(|text| text.len() <= SHORT);
    let mut flags = HEADERS | DELIVERY_MODE | PRIORITY;
    flags |= if content_type.is_some() { CONTENT_TYPE } else { 0 };
    flags |= if content_encoding.is_some() { CONTENT_ENCODING } else { 0 };
    flags |= if expiration.is_some() { EXPIRATION } else { 0 };
    put_u16(out, flags);
    if let Some(text) = content_type {
        put_short(out, text);
    }
    if let Some(text) = content_encoding {
        put_short(out, text);
    }
    put_long(out, |out| {
        if let Some(compression) = compression {
            put_short(out, COMPRESSION);
            out.push(b'S');
            put_long(out, |out| out.extend_from_slice(compression.as_bytes()));
        }
        for (name, value) in headers.iter().filter(|(name, _)| name.len() <= SHORT) {
            put_short(out, name);
            match value {
                Header::Text(text) => {
                    out.push(b'S');
                    put_long(out, |out| out.extend_from_slice(text.as_bytes()));
                }
                Header::Integer(number) => {
                    out.push(b'l');
                    out.extend_from_slice(&number.to_be_bytes());
                }
            }
        }
    });
    out.push(if *persistent { 2 } else { 1 });
    out.push(0);
    if let Some(expiration) = expiration {
        let at = out.len();
        out.push(0);
        // Milliseconds in digits: at most 39 of them.
        let _ = std::io::Write::write_fmt(out, format_args!("{}", expiration.as_millis()));
        out[at] = u8::try_from(out.len() - at - 1).unwrap_or_default();
    }
}

fn read_properties(mut bytes: Reader<'_>) -> Option<Properties> {
    let flags = bytes.u16()?;
    let mut properties = Properties::default();
    // The lowest bit says that more flags follow, which no property needs.
    if flags & 1 != 0 {
        return None;
    }
    if flags & CONTENT_TYPE != 0 {
        properties.content_type = Some(known(bytes.short()?, JSON));
    }
    if flags & CONTENT_ENCODING != 0 {
        properties.content_encoding = Some(known(bytes.short()?, UTF8));
    }
    if flags & HEADERS != 0 {
        read_headers(Reader(bytes.long()?), &mut properties);
    }
    if flags & DELIVERY_MODE != 0 {
        properties.persistent = bytes.u8()? == 2;
    }
    if flags & PRIORITY != 0 {
        bytes.u8()?;
    }
    for unused in [CORRELATION_ID, REPLY_TO] {
        if flags & unused != 0 {
            let length = bytes.u8()?;
            bytes.take(length.into())?;
        }
    }
    if flags & EXPIRATION != 0 {
        properties.expiration = bytes.short()?.parse().ok().map(Duration::from_millis);
    }
    // Message id, timestamp, type, user, application and cluster come behind and mean nothing to us.
    Some(properties)
}

/// Takes texts and integers, and passes over everything else by its length: what is nested is never gone into, however
/// deep somebody has nested it.
fn read_headers(mut table: Reader<'_>, properties: &mut Properties) {
    while let Some((name, value)) = table.field() {
        // A name that is no text is none of ours.
        let (Ok(name), Some(value)) = (std::str::from_utf8(name), value) else { continue };
        match value {
            Header::Text(text) if name == COMPRESSION => properties.compression = Some(Cow::Owned(text)),
            value => properties.headers.push((Cow::Owned(name.to_owned()), value)),
        }
    }
}

/// Nearly every message carries the same two texts: they are borrowed, not copied.
fn known(text: &str, usual: &'static str) -> Cow<'static, str> {
    if text == usual { Cow::Borrowed(usual) } else { Cow::Owned(text.to_owned()) }
}

fn put_frame(out: &mut Vec<u8>, kind: u8, channel: u16, payload: impl FnOnce(&mut Vec<u8>)) {
    out.push(kind);
    put_u16(out, channel);
    put_long(out, payload);
    out.push(END);
}

/// `content` behind its length in four bytes.
fn put_long(out: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    content(out);
    // Bodies are cut at the frame's limit and headers are short, so nothing here comes near four gigabytes.
    let length = u32::try_from(out.len() - at - 4).unwrap_or_default();
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
}

/// At most [`SHORT`] bytes; longer ones are refused before.
fn put_short(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or_default());
    out.extend_from_slice(text.as_bytes());
}

fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// Takes values off the front of bytes; `None` where they are too short.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn short(&mut self) -> Option<&'a str> {
        let length = self.u8()?;
        std::str::from_utf8(self.take(length.into())?).ok()
    }

    /// Bytes behind their length in four.
    fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.array().map(u32::from_be_bytes)?;
        self.take(length as usize)
    }

    /// The next field of a table: its name, and its value if that is a text or an integer. `None` at the end, and at a
    /// type that nobody knows the length of.
    fn field(&mut self) -> Option<(&'a [u8], Option<Header>)> {
        let length = self.u8()?;
        let name = self.take(length.into())?;
        let integer = |number: i64| Some(Header::Integer(number));
        let value = match self.u8()? {
            b'S' => Some(Header::Text(String::from_utf8_lossy(self.long()?).into_owned())),
            b'b' => integer(self.array().map(i8::from_be_bytes)?.into()),
            b'B' => integer(self.u8()?.into()),
            // RabbitMQ's letters, where the protocol's text has others.
            b's' | b'U' => integer(self.array().map(i16::from_be_bytes)?.into()),
            b'u' => integer(self.u16()?.into()),
            b'I' => integer(self.array().map(i32::from_be_bytes)?.into()),
            b'i' => integer(self.array().map(u32::from_be_bytes)?.into()),
            b'l' | b'L' => integer(self.array().map(i64::from_be_bytes)?),
            b'A' | b'F' | b'x' => self.long().map(|_| None)?,
            other => {
                self.take(match other {
                    b'V' => 0,
                    b't' => 1,
                    b'f' => 4,
                    b'D' => 5,
                    b'd' | b'T' => 8,
                    _ => return None,
                })?;
                None
            }
        };
        Some((name, value))
    }
}

/// The broker has broken the protocol, or what answers is no broker.
pub(super) fn malformed(what: String) -> AmqpError {
    AmqpError { code: None, scope: Scope::Connection, text: format!("the broker sent {what}") }
}

fn unreadable(error: impl std::fmt::Display) -> AmqpError {
    malformed(format!("a method that cannot be read: {error}"))
}

/// Nothing was sent.
fn refused(text: String) -> AmqpError {
    AmqpError { code: None, scope: Scope::Channel, text }
}
