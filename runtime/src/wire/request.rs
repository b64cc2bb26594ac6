//! Requests: the keys of WIRE 2.1 in Python's order, and what Python makes of odd ones (WIRE 2.5).

use super::envelope::Writer;
use super::inner::{Inner, Members, over_limit};
use super::number::{seconds, write_seconds};
use super::{AnswerTo, IncomingRequest, IncomingVersion, Limits, Malformed, OutgoingRequest};
use crate::context::RESERVED_KEYS;
use crate::json::Oddities;
use crate::json::scan::{Found, ScanError, Scanner};
use std::time::Duration;

const CONTEXT: &str = "_context_";

/// Writes an enveloped request.
pub(super) fn encode(request: &OutgoingRequest<'_>, body: &mut Vec<u8>) {
    let context: usize =
        request.context.entries().map(|(key, value)| key.len() + value.as_str().len() + 32).sum();
    let mut writer = Writer::open(body, request.args.len() + context + 256);
    writer.json(r#"{"method": "#);
    writer.string(request.method);
    writer.json(r#", "args": "#);
    writer.json(request.args);
    if let Some(namespace) = request.namespace {
        writer.json(r#", "namespace": "#);
        writer.string(namespace);
    }
    if let Some(version) = request.version {
        writer.json(r#", "version": "#);
        writer.string(&version.to_string());
    }
    if let Some(call) = &request.call {
        writer.json(r#", "_msg_id": "#);
        writer.string(call.message_id.as_str());
        writer.json(r#", "_reply_q": "#);
        writer.string(call.reply_to);
        writer.json(r#", "_timeout": "#);
        writer.json(&call.monitor.map_or_else(|| "null".into(), write_seconds));
    }
    writer.json(r#", "_unique_id": "#);
    writer.string(request.unique_id.as_str());
    if let Some(call) = &request.call {
        writer.json(r#", "_deadline_ms": "#);
        writer.json(&call.timeout.as_millis().to_string());
    }
    for (key, value) in request.context.entries() {
        writer.json(", ");
        writer.string(&format!("{CONTEXT}{key}"));
        writer.json(": ");
        writer.json(value.as_str());
    }
    writer.json("}");
    writer.close();
}

/// What the scan of a request has found.
#[derive(Default)]
struct Parts {
    method: Option<Found>,
    args: Option<Found>,
    members: Members,
    namespace: Option<Found>,
    version: Option<Found>,
    message_id: Option<Found>,
    reply_to: Option<Found>,
    monitor: Option<Found>,
    unique_id: Option<Found>,
    remaining: Option<Found>,
    context: Members,
}

impl Parts {
    fn scan<'a>(inner: &'a Inner, limits: &Limits) -> Result<(Self, Scanner<'a>), ScanError> {
        let mut parts = Self::default();
        let mut scanner = Scanner::new(inner.text());
        scanner.members(|s, key| {
            let name = inner.name(key);
            if name == "args" && s.peek() == Some(b'{') {
                parts.members.clear();
                let args = s.members(|s, key| {
                    let value = s.value()?;
                    // Beyond the limit the message is refused, but who sent it is still to be found.
                    if s.keys <= limits.keys {
                        parts.members.push((inner.name(key).into_owned(), value));
                    }
                    Ok(())
                })?;
                parts.args = Some(args);
                return Ok(());
            }
            let value = s.value()?;
            let part = match name.as_ref() {
                "method" => &mut parts.method,
                "args" => &mut parts.args,
                "namespace" => &mut parts.namespace,
                "version" => &mut parts.version,
                "_msg_id" => &mut parts.message_id,
                "_reply_q" => &mut parts.reply_to,
                "_timeout" => &mut parts.monitor,
                "_unique_id" => &mut parts.unique_id,
                "_deadline_ms" => &mut parts.remaining,
                name => {
                    if let Some(name) = name.strip_prefix(CONTEXT)
                        && s.keys <= limits.keys
                        && !RESERVED_KEYS.contains(&name)
                    {
                        parts.context.push((name.to_owned(), value));
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

/// Reads an inner message as a request; gives also the oddities in it.
pub(super) fn decode(inner: &Inner, limits: &Limits) -> Result<(IncomingRequest, Oddities), Malformed> {
    let (parts, scanner) =
        Parts::scan(inner, limits).map_err(|error| Malformed::unanswerable(format!("message: {error}")))?;
    let present = |part: Option<Found>| part.filter(|found| inner.json(found) != "null");
    let message_id = present(parts.message_id);
    let reply_to = present(parts.reply_to);
    let method = parts.method.as_ref().and_then(|found| inner.string(found));
    let sender = Sender {
        message_id: message_id.as_ref().and_then(|found| inner.string(found)).filter(|id| !id.is_empty()),
        reply_to: reply_to.as_ref().and_then(|found| inner.string(found)).filter(|queue| !queue.is_empty()),
    };
    let refuse = |class, cause: &str| Err(sender.malformed(class, method.clone(), cause));

    if let Some(cause) = over_limit(&scanner, limits) {
        return refuse("ValueError", &cause);
    }
    for (part, name) in [(&message_id, "_msg_id"), (&reply_to, "_reply_q")] {
        if part.as_ref().is_some_and(|found| !inner.json(found).starts_with('"')) {
            return refuse("TypeError", &format!("`{name}` is no text"));
        }
    }
    let Some(method_name) = &method else {
        return refuse(
            "TypeError",
            if parts.method.is_some() { "`method` is no text" } else { "no `method`" },
        );
    };
    if parts.args.as_ref().is_some_and(|found| !inner.json(found).starts_with('{')) {
        return refuse("AttributeError", "`args` is no object");
    }
    let namespace = match present(parts.namespace) {
        None => None,
        Some(found) => match inner.string(&found) {
            Some(namespace) => Some(namespace),
            None => return refuse("UnsupportedVersion", "`namespace` is no text"),
        },
    };
    let version = match &parts.version {
        None => IncomingVersion::Absent,
        Some(found) if inner.json(found) == "null" => IncomingVersion::Null,
        Some(found) => match inner.string(found) {
            Some(text) => text.parse().map_or(IncomingVersion::Invalid(text), IncomingVersion::Is),
            None => return refuse("AttributeError", "`version` is no text"),
        },
    };
    let request = IncomingRequest {
        method: method_name.clone(),
        args: inner.named(parts.members),
        namespace,
        version,
        monitor: parts.monitor.and_then(|found| seconds(inner.json(&found))),
        // Any value tells copies apart; Python compares it, whatever it is.
        unique_id: present(parts.unique_id)
            .map(|found| inner.string(&found).unwrap_or_else(|| inner.json(&found).to_owned())),
        remaining: parts
            .remaining
            .and_then(|found| inner.json(&found).parse().ok())
            .map(Duration::from_millis),
        context: inner.named(parts.context),
        message_id: sender.message_id,
        reply_to: sender.reply_to,
    };
    Ok((request, scanner.oddities))
}

/// Who waits for an answer.
struct Sender {
    message_id: Option<String>,
    reply_to: Option<String>,
}

impl Sender {
    fn malformed(&self, class: &'static str, method: Option<String>, cause: &str) -> Malformed {
        let answer_to = self
            .message_id
            .clone()
            .zip(self.reply_to.clone())
            .map(|(message_id, reply_to)| Box::new(AnswerTo { message_id, reply_to, method, class }));
        Malformed { cause: cause.to_owned(), answer_to }
    }
}
