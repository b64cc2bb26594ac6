//! Notifications: a message's keys in Python's order, with and without envelope.

use super::envelope::Writer;
use super::inner::{Inner, Named, last_wins};
use super::{IncomingNotification, Limits, Malformed, OutgoingNotification, OverLimit, tagged};
use crate::context::RESERVED_KEYS;
use crate::json::scan::{Found, ScanError, Scanner};
use crate::json::text::write_string;
use crate::json::{Oddities, RawJson};
use std::borrow::Cow;

const CONTEXT: &str = "_context_";

/// Writes an inner message, enveloped unless it is bare.
pub(super) fn encode(text: &str, bare: bool, body: &mut Vec<u8>) {
    if bare {
        body.extend_from_slice(text.as_bytes());
    } else {
        let mut writer = Writer::open(body, text.len());
        writer.json(text);
        writer.close();
    }
}

/// How many members a notification has, its context aside.
const MEMBERS: usize = 7;

/// Whether a notification is within a reader's limits, apart from its size.
pub(super) fn allow(notification: &OutgoingNotification<'_>, limits: &Limits) -> Result<(), OverLimit> {
    let context = notification.context.entries();
    let values = context.clone().map(|(_, value)| value.as_str());
    limits.allow_values(MEMBERS + context.count(), std::iter::once(notification.payload).chain(values))
}

/// The inner message.
pub(super) fn message(notification: &OutgoingNotification<'_>) -> String {
    let context: usize =
        notification.context.entries().map(|(key, value)| key.len() + value.as_str().len() + 32).sum();
    let mut text = String::with_capacity(notification.payload.len() + context + 384);
    text.push_str("{\"message_id\": ");
    write_string(notification.message_id, &mut text);
    text.push_str(", \"publisher_id\": ");
    match notification.publisher_id {
        Some(publisher_id) => write_string(publisher_id, &mut text),
        None => text.push_str("null"),
    }
    text.push_str(", \"event_type\": ");
    write_string(notification.event_type, &mut text);
    text.push_str(", \"priority\": \"");
    text.push_str(notification.priority.wire());
    text.push_str("\", \"payload\": ");
    text.push_str(notification.payload);
    text.push_str(", \"timestamp\": ");
    write_string(notification.timestamp, &mut text);
    text.push_str(", \"_unique_id\": \"");
    text.push_str(notification.unique_id.as_str());
    text.push('"');
    for (key, value) in notification.context.entries() {
        text.push_str(", ");
        write_string(&format!("{CONTEXT}{key}"), &mut text);
        text.push_str(": ");
        text.push_str(value.as_str());
    }
    text.push('}');
    text
}

/// What the scan of a notification has found.
#[derive(Default)]
struct Parts {
    message_id: Option<Found>,
    publisher_id: Option<Found>,
    event_type: Option<Found>,
    priority: Option<Found>,
    payload: Option<Found>,
    timestamp: Option<Found>,
    unique_id: Option<Found>,
    context: Named,
}

impl Parts {
    fn scan<'a>(inner: &'a Inner, limits: &Limits) -> Result<(Self, Scanner<'a>), ScanError> {
        let mut parts = Self::default();
        let mut scanner = Scanner::new(inner.text());
        scanner.members(|s, key| {
            let value = s.value()?;
            let name = inner.name(key);
            let part = match name.as_ref() {
                "message_id" => &mut parts.message_id,
                "publisher_id" => &mut parts.publisher_id,
                "event_type" => &mut parts.event_type,
                "priority" => &mut parts.priority,
                "payload" => &mut parts.payload,
                "timestamp" => &mut parts.timestamp,
                "_unique_id" => &mut parts.unique_id,
                name => {
                    if let Some(name) = name.strip_prefix(CONTEXT)
                        && s.keys <= limits.keys
                        && !RESERVED_KEYS.contains(&name)
                    {
                        parts.context.push((name.to_owned(), inner.raw(value)));
                    }
                    return Ok(());
                }
            };
            *part = Some(value);
            Ok(())
        })?;
        scanner.end()?;
        Ok((parts, scanner))
    }
}

/// Reads an inner message as a notification; gives also the oddities in it. `bare` says that it came without envelope.
pub(super) fn decode(
    inner: &Inner,
    bare: bool,
    limits: &Limits,
) -> Result<(IncomingNotification, Oddities), Malformed> {
    let (parts, scanner) =
        Parts::scan(inner, limits).map_err(|error| Malformed::unanswerable(format!("message: {error}")))?;
    limits.allow_scanned(&scanner).map_err(|over| Malformed::over_limit(over.to_string()))?;
    let text = |part: &Option<Found>| inner.string(part.as_ref()?).map(Cow::into_owned);
    let plain = |value: RawJson| match bare {
        true => tagged::plain(value).map_err(Malformed::unanswerable),
        false => Ok(value),
    };
    let mut context = last_wins(parts.context);
    for (_, value) in &mut context {
        *value = plain(std::mem::take(value))?;
    }
    let notification = IncomingNotification {
        message_id: text(&parts.message_id),
        publisher_id: text(&parts.publisher_id),
        event_type: text(&parts.event_type),
        priority: text(&parts.priority),
        payload: plain(parts.payload.map(|found| inner.raw(found)).unwrap_or_default())?,
        timestamp: text(&parts.timestamp),
        // Any value tells copies apart; Python compares it, whatever it is.
        unique_id: parts
            .unique_id
            .filter(|found| !inner.is_null(found))
            .map(|found| inner.string(&found).unwrap_or_else(|| inner.json(&found).into()).into_owned()),
        context,
    };
    Ok((notification, scanner.oddities))
}

/// The `_unique_id` of any inner message.
pub(super) fn unique_id(inner: &Inner) -> Option<String> {
    let mut found = None;
    let mut scanner = Scanner::new(inner.text());
    let read = scanner.members(|s, key| {
        let is_it = inner.name(key) == "_unique_id";
        let value = s.value()?;
        if is_it {
            found = Some(value);
        }
        Ok(())
    });
    read.ok()?;
    inner.string(&found?).map(Cow::into_owned)
}
