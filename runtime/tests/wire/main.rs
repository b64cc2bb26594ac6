//! The codec against what Python peers write and read: what is written, what is read, what is refused, and how much of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod accept;
mod failure;
mod fuzz;
mod golden;
mod limits;
mod odd;
mod reply;
mod request;
mod round_trip;
mod shown;

use oslo_messaging::wire::{
    IncomingReply, IncomingRequest, Limits, Malformed, Oslo2, Properties, WireFormat,
};

/// The properties of every message that oslo.messaging sends.
fn json() -> Properties {
    Properties { content_type: Some("application/json".into()), ..Properties::default() }
}

/// The body that Python would send for an inner message.
fn enveloped(inner: &str) -> Vec<u8> {
    let inner = serde_json::to_string(inner).unwrap();
    format!(r#"{{"oslo.version": "2.0", "oslo.message": {inner}}}"#).into_bytes()
}

fn request(inner: &str) -> Result<IncomingRequest, Malformed> {
    Oslo2::new().decode_request(&enveloped(inner), &json(), &Limits::default())
}

fn reply(inner: &str) -> Result<IncomingReply, Malformed> {
    Oslo2::new().decode_reply(&enveloped(inner), &json(), &Limits::default())
}

/// The inner message of a body that this side has written.
fn inner(body: &[u8]) -> String {
    let body = std::str::from_utf8(body).unwrap();
    assert!(body.starts_with(r#"{"oslo.version": "2.0", "oslo.message": "{"#), "{body}");
    let envelope: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(envelope.as_object().unwrap().len(), 2);
    envelope["oslo.message"].as_str().unwrap().to_owned()
}
