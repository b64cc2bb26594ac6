//! Requests, replies and notifications to bytes and back.

use std::hint::black_box;
use std::time::Duration;

use oslo_messaging::json::RawJson;
use oslo_messaging::notify::Priority;
use oslo_messaging::wire::{
    Limits, Oslo2, OutgoingCall, OutgoingNotification, OutgoingReply, OutgoingReplyBody, OutgoingRequest,
    Properties, WireFormat,
};

use super::sample::{Record, Size, context, id};
use super::{Operation, Scenario};
use crate::error::Outcome;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (what, prepare) in [
        ("encode-request", encode_request as fn(Size) -> Outcome<Operation>),
        ("decode-request", decode_request),
        ("encode-reply", encode_reply),
        ("decode-reply", decode_reply),
    ] {
        for (size, name) in [(Size::B100, "100-B"), (Size::KiB2, "2-KiB"), (Size::KiB64, "64-KiB")] {
            scenarios.push(Scenario::new(format!("{what}-{name}"), size.times(), move || prepare(size)));
        }
    }
    let size = Size::KiB2;
    scenarios
        .push(Scenario::new("encode-notification-2-KiB", size.times(), move || encode_notification(size)));
    scenarios
        .push(Scenario::new("decode-notification-2-KiB", size.times(), move || decode_notification(size)));
    scenarios
}

/// Writes a message into a buffer, which has room after the first time.
fn encoding(mut write: impl FnMut(&Oslo2, &mut Vec<u8>) -> Outcome<Properties> + 'static) -> Operation {
    let (format, mut body) = (Oslo2::new(), Vec::new());
    Box::new(move || {
        body.clear();
        black_box(write(&format, &mut body)?);
        black_box(&body);
        Ok(())
    })
}

/// A message and what reads it, typed values included.
fn decoding(
    mut write: impl FnMut(&Oslo2, &mut Vec<u8>) -> Outcome<Properties>,
    read: impl Fn(&Oslo2, &[u8], &Properties, &Limits) -> Outcome<Vec<Record>> + 'static,
) -> Outcome<Operation> {
    let (format, mut body, limits) = (Oslo2::new(), Vec::new(), Limits::default());
    let properties = write(&format, &mut body)?;
    Ok(Box::new(move || {
        black_box(read(&format, black_box(&body), &properties, &limits)?);
        Ok(())
    }))
}

fn write_request(size: Size) -> Outcome<impl FnMut(&Oslo2, &mut Vec<u8>) -> Outcome<Properties>> {
    #[derive(serde::Serialize)]
    struct Args<'a> {
        records: &'a [Record],
    }
    let (records, context, id) = (size.sample(), context()?, id()?);
    Ok(move |format: &Oslo2, body: &mut Vec<u8>| {
        let args = RawJson::encode(&Args { records: black_box(&records) })?;
        let request = OutgoingRequest {
            method: "build_instances",
            args: args.as_str(),
            namespace: Some("compute"),
            version: Some(oslo_messaging::Version::new(5, 3)),
            call: Some(OutgoingCall {
                message_id: id,
                reply_to: "reply_4833bf41ed114a20a2ab3f3a75ac71de",
                monitor: None,
                timeout: Duration::from_secs(60),
            }),
            unique_id: id,
            context: &context,
        };
        Ok(format.encode_request(&request, &Limits::default(), body)?)
    })
}

fn encode_request(size: Size) -> Outcome<Operation> {
    Ok(encoding(write_request(size)?))
}

fn decode_request(size: Size) -> Outcome<Operation> {
    decoding(write_request(size)?, |format, body, properties, limits| {
        let request = format.decode_request(body, properties, limits)?;
        let (_, records) = request.args.first().ok_or("the request has lost its argument")?;
        Ok(records.decode()?)
    })
}

fn write_reply(size: Size) -> Outcome<impl FnMut(&Oslo2, &mut Vec<u8>) -> Outcome<Properties>> {
    let (records, id) = (size.sample(), id()?);
    Ok(move |format: &Oslo2, body: &mut Vec<u8>| {
        let result = RawJson::encode(black_box(&records))?;
        let reply = OutgoingReply {
            message_id: id.as_str(),
            unique_id: id,
            body: OutgoingReplyBody::Result(result.as_str()),
        };
        Ok(format.encode_reply(&reply, &Limits::default(), body)?)
    })
}

fn encode_reply(size: Size) -> Outcome<Operation> {
    Ok(encoding(write_reply(size)?))
}

fn decode_reply(size: Size) -> Outcome<Operation> {
    decoding(write_reply(size)?, |format, body, properties, limits| {
        let reply = format.decode_reply(body, properties, limits)?;
        Ok(reply.result.ok_or("the reply has lost its result")?.decode()?)
    })
}

fn write_notification(size: Size) -> Outcome<impl FnMut(&Oslo2, &mut Vec<u8>) -> Outcome<Properties>> {
    let (records, context, id) = (size.sample(), context()?, id()?);
    Ok(move |format: &Oslo2, body: &mut Vec<u8>| {
        let payload = RawJson::encode(black_box(&records))?;
        let notification = OutgoingNotification {
            message_id: "4833bf41-ed11-4a20-a2ab-3f3a75ac71de",
            publisher_id: Some("compute.host-1"),
            event_type: "compute.instance.create.end",
            priority: Priority::Info,
            payload: payload.as_str(),
            timestamp: "2026-11-22 04:48:58.255225",
            unique_id: id,
            context: &context,
            bare: false,
        };
        Ok(format.encode_notification(&notification, &Limits::default(), body)?)
    })
}

fn encode_notification(size: Size) -> Outcome<Operation> {
    Ok(encoding(write_notification(size)?))
}

fn decode_notification(size: Size) -> Outcome<Operation> {
    decoding(write_notification(size)?, |format, body, properties, limits| {
        Ok(format.decode_notification(body, properties, limits)?.payload.decode()?)
    })
}
