//! What is accepted and what is rejected of an envelope, row by row (B06).

use super::{enveloped, json};
use oslo_messaging::wire::{Limits, Malformed, Oslo2, Properties, WireFormat};

const INNER: &str = r#"{"method": "echo", "args": {"x": "y"}, "_unique_id": "u"}"#;

fn read(body: impl AsRef<[u8]>, properties: &Properties) -> Result<(), Malformed> {
    let request = Oslo2::new().decode_request(body.as_ref(), properties, &Limits::default())?;
    assert_eq!((request.method.as_str(), request.args.len()), ("echo", 1));
    Ok(())
}

fn refused(body: impl AsRef<[u8]>, cause: &str) {
    let error = read(body, &json()).unwrap_err();
    assert!(error.cause.contains(cause), "{error}");
    assert_eq!(error.answer_to, None);
}

#[test]
fn b06_content_encoding_is_not_looked_at() {
    for encoding in [None, Some("UTF-8"), Some("binary"), Some("us-ascii"), Some("utf-8")] {
        let properties = Properties { content_encoding: encoding.map(Into::into), ..json() };
        let raw = r#"{"method": "echo", "args": {"x": "é中😀"}}"#;
        read(enveloped(raw), &properties).unwrap();
    }
}

#[test]
fn b06_compact_json_and_raw_utf8_are_read() {
    read(r#"{"oslo.version":"2.0","oslo.message":"{\"method\":\"echo\",\"args\":{\"x\":\"é\"}}"}"#, &json())
        .unwrap();
    read(
        r#"{"oslo.version":"2.0","oslo.message":"{\"method\":\"echo\",\"args\":{\"x\":\"\u00e9\"}}"}"#,
        &json(),
    )
    .unwrap();
}

#[test]
fn b06_extra_keys_are_ignored() {
    let body = r#"{"oslo.version": "2.0", "oslo.message": "{\"method\": \"echo\", \"args\": {\"x\": 1}, \"foo\": 1, \"_bar\": [2]}", "oslo.extra": 1}"#;
    read(body, &json()).unwrap();
}

#[test]
fn b06_the_content_type_must_be_exactly_json() {
    for content_type in [
        None,
        Some("application/json; charset=utf-8"),
        Some("Application/JSON"),
        Some("text/json"),
        Some("application/octet-stream"),
        Some(""),
    ] {
        let properties = Properties { content_type: content_type.map(Into::into), ..json() };
        let error = read(enveloped(INNER), &properties).unwrap_err();
        assert!(error.cause.contains("content type"), "{error}");
        let reply = enveloped(r#"{"result": 1, "failure": null, "ending": true, "_msg_id": "m"}"#);
        assert!(Oslo2::new().decode_reply(&reply, &properties, &Limits::default()).is_err());
    }
}

#[test]
fn b06_a_bare_message_is_read() {
    read(INNER, &json()).unwrap();
    let reply = r#"{"result": 1, "failure": null, "ending": true, "_msg_id": "m"}"#;
    Oslo2::new().decode_reply(reply.as_bytes(), &json(), &Limits::default()).unwrap();
}

#[test]
fn b06_other_envelope_versions_are_refused() {
    for version in
        ["\"2.1\"", "\"1.0\"", "\"3.0\"", "\"2.0.1\"", "\"2\"", "\"\"", "\"a.b\"", "2.0", "null", "[]"]
    {
        let body = format!(r#"{{"oslo.version": {version}, "oslo.message": "{{\"method\": \"echo\"}}"}}"#);
        refused(body, "version");
    }
}

#[test]
fn b06_the_message_must_be_a_text() {
    refused(format!(r#"{{"oslo.version": "2.0", "oslo.message": {INNER}}}"#), "`oslo.message` is no text");
}

#[test]
fn b06_what_is_no_json_object_is_refused() {
    refused("this is not json", "no JSON");
    refused("", "no JSON");
    refused(r#""a json string""#, "no JSON object");
    refused("[1,2]", "no JSON object");
    refused(enveloped("[1,2]"), "expected an object");
    refused(enveloped("this is not json"), "expected an object");
    refused(enveloped(r#"{"method": "echo", "args": {"x": 1}"#), "expected `,` or `}`");
    refused(&enveloped(INNER)[..60], "JSON");
}

#[test]
fn b06_one_key_of_an_envelope_makes_no_envelope() {
    // Python takes it as a bare message, which then has no method.
    refused(r#"{"oslo.version": "2.0"}"#, "no `method`");
    refused(r#"{"oslo.message": "{}"}"#, "no `method`");
}

#[test]
fn invalid_utf8_is_refused() {
    for (from, to) in [(&b"echo"[..], &b"ec\xffo"[..]), (b"\"y", b"\"\xc3")] {
        for body in [enveloped(INNER), INNER.into()] {
            let at = body.windows(from.len()).position(|w| w == from).unwrap();
            let mut bad = body.clone();
            bad.splice(at..at + from.len(), to.iter().copied());
            refused(bad, "UTF-8");
        }
    }
}

#[test]
fn errors_hold_nothing_of_the_content() {
    for body in [r#"{"method": "echo", "args": {"password": "s3cret" }"#, r#"{"s3cret": s3cret}"#] {
        let error = read(body, &json()).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}
