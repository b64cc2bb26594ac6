//! Requests: a message's keys in Python's order, and what Python makes of odd ones.

use super::envelope::Writer;
use super::inner::{Inner, Named, last_wins};
use super::number::{Seconds, seconds};
use super::{AnswerTo, IncomingRequest, IncomingVersion, Limits, Malformed, OutgoingRequest, OverLimit};
use crate::context::RESERVED_KEYS;
use crate::json::Oddities;
use crate::json::scan::{Found, ScanError, Scanner};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

const CONTEXT: &str = "_context_";

/// Whether a request is within a reader's limits, apart from its size.
pub(super) fn allow(request: &OutgoingRequest<'_>, limits: &Limits) -> Result<(), OverLimit> {
    let context = request.context.entries();
    // `method`, `args`, `_unique_id`; `_msg_id`, `_reply_q`, `_timeout` and `_deadline_ms` of a call.
    let members = 3
        + if request.call.is_some() { 4 } else { 0 }
        + usize::from(request.namespace.is_some())
        + usize::from(request.version.is_some())
        + context.clone().count();
    limits
        .allow_values(members, std::iter::once(request.args).chain(context.map(|(_, value)| value.as_str())))
}

/// Writes an enveloped request.
pub(super) fn encode(request: &OutgoingRequest<'_>, body: &mut Vec<u8>) {
    let context: usize =
        request.context.entries().map(|(key, value)| key.len() + value.as_str().len() + 32).sum();
    let mut writer = Writer::open(body, request.args.len() + context + 256);
    writer.escaped(r#"{\"method\": "#);
    writer.string(request.method);
    writer.escaped(r#", \"args\": "#);
    writer.json(request.args);
    if let Some(namespace) = request.namespace {
        writer.escaped(r#", \"namespace\": "#);
        writer.string(namespace);
    }
    if let Some(version) = request.version {
        writer.escaped(r#", \"version\": "#);
        writer.shown(format_args!("\\\"{version}\\\""));
    }
    if let Some(call) = &request.call {
        writer.escaped(r#", \"_msg_id\": "#);
        writer.string(call.message_id.as_str());
        writer.escaped(r#", \"_reply_q\": "#);
        writer.string(call.reply_to);
        writer.escaped(r#", \"_timeout\": "#);
        match call.monitor {
            Some(silence) => writer.shown(format_args!("{}", Seconds(silence))),
            None => writer.escaped("null"),
        }
    }
    writer.escaped(r#", \"_unique_id\": "#);
    writer.string(request.unique_id.as_str());
    if let Some(call) = &request.call {
        writer.escaped(r#", \"_deadline_ms\": "#);
        writer.shown(format_args!("{}", call.timeout.as_millis()));
    }
    for (key, value) in request.context.entries() {
        writer.escaped(", ");
        writer.prefixed(CONTEXT, key);
        writer.escaped(": ");
        writer.json(value.as_str());
    }
    writer.escaped("}");
    writer.close();
}

/// What the scan of a request has found.
#[derive(Default)]
struct Parts {
    method: Option<Found>,
    args: Option<Found>,
    members: Named,
    namespace: Option<Found>,
    version: Option<Found>,
    message_id: Option<Found>,
    reply_to: Option<Found>,
    monitor: Option<Found>,
    unique_id: Option<Found>,
    remaining: Option<Found>,
    context: Named,
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
                        parts.members.push((inner.name(key).into_owned(), inner.raw(value)));
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

/// Reads an inner message as a request; gives also the oddities in it.
pub(super) fn decode(inner: &Inner, limits: &Limits) -> Result<(IncomingRequest, Oddities), Malformed> {
    let (parts, scanner) =
        Parts::scan(inner, limits).map_err(|error| Malformed::unanswerable(format!("message: {error}")))?;
    let text = |part: &Option<Found>| part.as_ref().and_then(|found| inner.string(found));
    // Both are shared by all that is done for an answer.
    let shared = |part| text(part).filter(|text| !text.is_empty()).map(Arc::<str>::from);
    let method = text(&parts.method).map(Cow::into_owned);
    let (message_id, reply_to) = (shared(&parts.message_id), shared(&parts.reply_to));
    let over = limits.allow_scanned(&scanner).err();
    let checked = match over {
        Some(over) => Err(("ValueError", over.to_string())),
        None => check(inner, &parts).map_err(|(class, cause)| (class, cause.to_owned())),
    };
    let (namespace, version) = match checked {
        Ok(checked) => checked,
        Err((class, cause)) => {
            let answer_to = message_id
                .zip(reply_to)
                .map(|(message_id, reply_to)| Box::new(AnswerTo { message_id, reply_to, method, class }));
            return Err(Malformed { cause, over_limit: over.is_some(), answer_to, answers: None });
        }
    };
    let request = IncomingRequest {
        method: method.unwrap_or_default(),
        args: last_wins(parts.members),
        namespace,
        version,
        message_id,
        reply_to,
        monitor: parts.monitor.and_then(|found| seconds(inner.json(&found))),
        // Any value tells copies apart; Python compares it, whatever it is.
        unique_id: parts
            .unique_id
            .filter(|found| !inner.is_null(found))
            .map(|found| inner.string(&found).unwrap_or_else(|| inner.json(&found).into()).into_owned()),
        remaining: parts
            .remaining
            .and_then(|found| inner.json(&found).parse().ok())
            .map(Duration::from_millis),
        context: last_wins(parts.context),
    };
    Ok((request, scanner.oddities))
}

/// Reads what dispatch goes by; fails with the class that Python answers with, and why.
fn check(
    inner: &Inner,
    parts: &Parts,
) -> Result<(Option<String>, IncomingVersion), (&'static str, &'static str)> {
    let is_text = |found: &Found| inner.json(found).starts_with('"');
    let no_address = |part: &Option<Found>| part.as_ref().is_some_and(|f| !inner.is_null(f) && !is_text(f));
    if no_address(&parts.message_id) {
        return Err(("TypeError", "`_msg_id` is no text"));
    }
    if no_address(&parts.reply_to) {
        return Err(("TypeError", "`_reply_q` is no text"));
    }
    match &parts.method {
        None => return Err(("TypeError", "no `method`")),
        Some(found) if !is_text(found) => return Err(("TypeError", "`method` is no text")),
        Some(_) => {}
    }
    if parts.args.as_ref().is_some_and(|found| !inner.json(found).starts_with('{')) {
        return Err(("AttributeError", "`args` is no object"));
    }
    let namespace = match &parts.namespace {
        Some(found) if !inner.is_null(found) => {
            Some(inner.string(found).ok_or(("UnsupportedVersion", "`namespace` is no text"))?.into_owned())
        }
        _ => None,
    };
    let version = match &parts.version {
        None => IncomingVersion::Absent,
        Some(found) if inner.is_null(found) => IncomingVersion::Null,
        Some(found) => {
            let text = inner.string(found).ok_or(("AttributeError", "`version` is no text"))?;
            text.parse().map_or_else(|_| IncomingVersion::Invalid(text.into_owned()), IncomingVersion::Is)
        }
    };
    Ok((namespace, version))
}
