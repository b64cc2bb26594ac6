//! Replies: a message's keys in Python's order, and every variant of them that a peer may send.

use super::envelope::Writer;
use super::inner::Inner;
use super::{IncomingReply, Limits, Malformed, OutgoingReply, OutgoingReplyBody, OverLimit, failure};
use crate::error::RejectionKind;
use crate::json::Oddities;
use crate::json::scan::{Found, ScanError, Scanner};

/// How many members a reply with a result has.
const MEMBERS: usize = 6;

/// What a Rust peer writes into `_peer`.
const PEER: &str = "rust";

/// Whether a reply is within a reader's limits, apart from its size. A failure is a text in it.
pub(super) fn allow(reply: &OutgoingReply<'_>, limits: &Limits) -> Result<(), OverLimit> {
    match reply.body {
        OutgoingReplyBody::Result(result) => limits.allow_values(MEMBERS, std::iter::once(result)),
        _ => Ok(()),
    }
}

/// Writes an enveloped reply.
pub(super) fn encode(reply: &OutgoingReply<'_>, body: &mut Vec<u8>) {
    let (result, failure, ending, refused) = match &reply.body {
        OutgoingReplyBody::Result(result) => (*result, None, true, None),
        OutgoingReplyBody::Failure(failure) => ("null", Some(failure::write(failure)), true, None),
        OutgoingReplyBody::Refusal { failure, kind } => {
            ("null", Some(failure::write(failure)), true, Some(*kind))
        }
        OutgoingReplyBody::Heartbeat => ("null", None, false, None),
    };
    let mut writer =
        Writer::open(body, result.len() + failure.as_ref().map_or(0, |text| 2 * text.len()) + 256);
    writer.escaped(r#"{\"result\": "#);
    writer.json(result);
    writer.escaped(r#", \"failure\": "#);
    match failure {
        Some(text) => writer.string(&text),
        None => writer.escaped("null"),
    }
    writer.escaped(if ending {
        r#", \"ending\": true, \"_msg_id\": "#
    } else {
        r#", \"ending\": false, \"_msg_id\": "#
    });
    writer.string(reply.message_id);
    writer.escaped(r#", \"_unique_id\": "#);
    writer.string(reply.unique_id.as_str());
    writer.escaped(r#", \"_peer\": "#);
    writer.string(PEER);
    if let Some(kind) = refused {
        writer.escaped(r#", \"_refused\": "#);
        writer.string(kind.as_str());
    }
    writer.escaped("}");
    writer.close();
}

/// What the scan of a reply has found.
#[derive(Default)]
struct Parts {
    result: Option<Found>,
    failure: Option<Found>,
    ending: Option<Found>,
    message_id: Option<Found>,
    unique_id: Option<Found>,
    peer: Option<Found>,
    refused: Option<Found>,
}

impl Parts {
    fn scan(inner: &Inner) -> Result<(Self, Scanner<'_>), ScanError> {
        let mut parts = Self::default();
        let mut scanner = Scanner::new(inner.text());
        scanner.members(|s, key| {
            let value = s.value()?;
            let part = match inner.name(key).as_ref() {
                "result" => &mut parts.result,
                "failure" => &mut parts.failure,
                "ending" => &mut parts.ending,
                "_msg_id" => &mut parts.message_id,
                "_unique_id" => &mut parts.unique_id,
                "_peer" => &mut parts.peer,
                "_refused" => &mut parts.refused,
                _ => return Ok(()),
            };
            *part = Some(value);
            Ok(())
        })?;
        scanner.end()?;
        Ok((parts, scanner))
    }
}

/// Reads an inner message as a reply; gives also the oddities in it.
pub(super) fn decode(inner: &Inner, limits: &Limits) -> Result<(IncomingReply, Oddities), Malformed> {
    let (parts, scanner) =
        Parts::scan(inner).map_err(|error| Malformed::unanswerable(format!("message: {error}")))?;
    let text = |part: &Option<Found>| part.as_ref().and_then(|found| inner.string(found));
    let Some(message_id) = text(&parts.message_id) else {
        return Err(Malformed::unanswerable(match parts.message_id {
            Some(_) => "`_msg_id` is no text",
            None => "no `_msg_id`",
        }));
    };
    if let Err(over) = limits.allow_scanned(&scanner) {
        let cause = over.to_string();
        return Err(Malformed { cause, over_limit: true, answer_to: None, answers: Some(message_id.into()) });
    }
    let reply = IncomingReply {
        message_id: message_id.into_owned(),
        unique_id: text(&parts.unique_id).and_then(|id| id.parse().ok()),
        // Python reads a missing `ending` as false and waits for more; so does this side.
        ending: parts.ending.as_ref().is_some_and(|found| !super::inner::is_falsy(inner.json(found))),
        failure: parts.failure.and_then(|found| failure::read(&inner.raw(found), limits)),
        rust_peer: text(&parts.peer).as_deref() == Some(PEER),
        refused: text(&parts.refused).as_deref().and_then(RejectionKind::from_name),
        result: parts.result.filter(|found| inner.json(found) != "null").map(|found| inner.raw(found)),
    };
    Ok((reply, scanner.oddities))
}
