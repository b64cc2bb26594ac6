//! Requests written and read, odd ones too.

use super::{enveloped, inner, json, request};
use oslo_messaging::context::Context;
use oslo_messaging::id::MessageId;
use oslo_messaging::version::Version;
use oslo_messaging::wire::{
    IncomingVersion, Limits, Oslo2, OutgoingCall, OutgoingRequest, Properties, WireFormat,
};
use std::time::Duration;

const ID: &str = "0123456789abcdef0123456789abcdef";
const UNIQUE: &str = "fedcba9876543210fedcba9876543210";

fn id(text: &str) -> MessageId {
    text.parse().unwrap()
}

fn cast<'a>(args: &'a str, context: &'a Context) -> OutgoingRequest<'a> {
    OutgoingRequest {
        method: "echo",
        args,
        namespace: None,
        version: None,
        call: None,
        unique_id: id(UNIQUE),
        context,
    }
}

#[test]
fn b01_a_cast_has_only_its_keys() {
    let mut body = Vec::new();
    let properties =
        Oslo2::new().encode_request(&cast("{}", &Context::new()), &Limits::default(), &mut body).unwrap();
    assert_eq!(inner(&body), format!(r#"{{"method": "echo", "args": {{}}, "_unique_id": "{UNIQUE}"}}"#));
    assert_eq!(properties.content_type.as_deref(), Some("application/json"));
    assert_eq!(properties.content_encoding.as_deref(), Some("utf-8"));
    assert_eq!(properties.expiration, None);
    assert_eq!(properties.compression, None);
    assert!(properties.persistent);
}

#[test]
fn b01_a_call_has_all_keys_in_wire_order() {
    let context = Context::new().with("user", "u1").unwrap().with("roles", &["a"]).unwrap();
    let call = OutgoingCall {
        message_id: id(ID),
        reply_to: "reply_x",
        monitor: Some(Duration::from_secs(2)),
        timeout: Duration::from_millis(1999),
    };
    let request = OutgoingRequest {
        namespace: Some("ns\"1"),
        version: Some(Version::new(2, 1)),
        call: Some(call),
        ..cast(r#"{"x": "é\n"}"#, &context)
    };
    let mut body = b"before".to_vec();
    let properties = Oslo2::new().encode_request(&request, &Limits::default(), &mut body).unwrap();
    assert_eq!(
        inner(body.strip_prefix(b"before").unwrap()),
        format!(
            r#"{{"method": "echo", "args": {{"x": "é\n"}}, "namespace": "ns\"1", "version": "2.1", "_msg_id": "{ID}", "_reply_q": "reply_x", "_timeout": 2, "_unique_id": "{UNIQUE}", "_deadline_ms": 1999, "_context_user": "u1", "_context_roles": ["a"]}}"#
        )
    );
    assert_eq!(properties.expiration, Some(Duration::from_millis(1999)));
}

#[test]
fn b01_without_a_monitor_the_timeout_key_is_null() {
    let call = OutgoingCall {
        message_id: id(ID),
        reply_to: "reply_x",
        monitor: None,
        timeout: Duration::from_secs(60),
    };
    let context = Context::new();
    let mut body = Vec::new();
    Oslo2::new()
        .encode_request(
            &OutgoingRequest { call: Some(call), ..cast("{}", &context) },
            &Limits::default(),
            &mut body,
        )
        .unwrap();
    assert!(inner(&body).contains(r#", "_timeout": null, "#));
}

#[test]
fn a12_what_is_written_is_read_back() {
    let context = Context::new().with("user", "u1").unwrap().with("nested", &Some(1)).unwrap();
    let call = OutgoingCall {
        message_id: id(ID),
        reply_to: "reply_x",
        monitor: Some(Duration::from_millis(2500)),
        timeout: Duration::from_secs(60),
    };
    let request = OutgoingRequest {
        namespace: Some(""),
        version: Some(Version { major: 1, minor: 2, revision: 3 }),
        call: Some(call),
        ..cast(r#"{"b": {"c": [1, 2]}, "a\"": null}"#, &context)
    };
    let mut body = Vec::new();
    Oslo2::new().encode_request(&request, &Limits::default(), &mut body).unwrap();
    let read = self::request(&inner(&body)).unwrap();
    assert_eq!(read.method, "echo");
    let args: Vec<_> = read.args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(args, [("b", r#"{"c": [1, 2]}"#), ("a\"", "null")]);
    assert_eq!(read.namespace.as_deref(), Some(""));
    assert_eq!(read.version, IncomingVersion::Is(Version { major: 1, minor: 2, revision: 3 }));
    assert_eq!(read.message_id.as_deref(), Some(ID));
    assert_eq!(read.reply_to.as_deref(), Some("reply_x"));
    assert_eq!(read.monitor, Some(Duration::from_millis(2500)));
    assert_eq!(read.unique_id.as_deref(), Some(UNIQUE));
    assert_eq!(read.remaining, Some(Duration::from_secs(60)));
    let context: Vec<_> = read.context.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(context, [("user", "\"u1\""), ("nested", "1")]);
}

#[test]
fn a12_context_names_of_the_wire_are_lost_as_in_python() {
    let read = request(
        r#"{"method": "m", "_context_msg_id": "mine", "_context_reply_q": "mine", "_context_client_timeout": 99, "_context_conf": "x"}"#,
    )
    .unwrap();
    assert_eq!(read.context.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["conf"]);
    assert_eq!(read.message_id, None);
}

#[test]
fn absent_and_null_keys_mean_what_python_makes_of_them() {
    let read = request(r#"{"method": "m"}"#).unwrap();
    assert!(read.args.is_empty() && read.context.is_empty());
    assert_eq!((read.version, read.namespace, read.unique_id), (IncomingVersion::Absent, None, None));
    assert_eq!((read.monitor, read.remaining), (None, None));

    let read = request(
        r#"{"method": "m", "args": {}, "version": null, "namespace": null, "_msg_id": null, "_reply_q": null, "_timeout": null, "_unique_id": null}"#,
    )
    .unwrap();
    assert_eq!((read.version, read.namespace, read.unique_id), (IncomingVersion::Null, None, None));
    assert_eq!((read.message_id, read.reply_to), (None, None));

    let read = request(r#"{"method": "m", "namespace": "", "version": "1"}"#).unwrap();
    assert_eq!(read.namespace.as_deref(), Some(""));
    assert_eq!(read.version, IncomingVersion::Invalid("1".into()));
    assert_eq!(
        request(r#"{"method": "m", "version": "a.b"}"#).unwrap().version,
        IncomingVersion::Invalid("a.b".into())
    );
}

#[test]
fn wrong_types_are_answered_as_python_answers() {
    for (fields, class) in [
        (r#""args": {}"#, "TypeError"),
        (r#""method": null"#, "TypeError"),
        (r#""method": 7, "args": {}"#, "TypeError"),
        (r#""method": "m", "args": null"#, "AttributeError"),
        (r#""method": "m", "args": [1]"#, "AttributeError"),
        (r#""method": "m", "args": "x""#, "AttributeError"),
        (r#""method": "m", "version": 1.0"#, "AttributeError"),
        (r#""method": "m", "namespace": 1"#, "UnsupportedVersion"),
    ] {
        let message = format!(r#"{{{fields}, "_msg_id": "m1", "_reply_q": "reply_q"}}"#);
        let error = request(&message).unwrap_err();
        let answer = error.answer_to.unwrap();
        assert_eq!((answer.class, &*answer.message_id, &*answer.reply_to), (class, "m1", "reply_q"));
        let dispatcher = class == "UnsupportedVersion";
        assert_eq!(answer.module(), if dispatcher { "oslo_messaging.rpc.dispatcher" } else { "builtins" });
        assert_eq!(answer.method.as_deref(), fields.contains(r#""method": "m""#).then_some("m"), "{fields}");
        // A cast has nobody to answer to.
        assert_eq!(request(&format!("{{{fields}}}")).unwrap_err().answer_to, None);
    }
}

#[test]
fn an_address_that_is_no_text_cannot_be_answered() {
    for address in [r#""_msg_id": 7, "_reply_q": "q""#, r#""_msg_id": "m", "_reply_q": ["q"]"#] {
        let error = request(&format!(r#"{{"method": "m", {address}}}"#)).unwrap_err();
        assert_eq!(error.answer_to, None, "{error}");
    }
    let read = request(r#"{"method": "m", "_msg_id": "", "_reply_q": "q"}"#).unwrap();
    assert_eq!(read.message_id, None);
}

#[test]
fn odd_side_values_do_not_cost_the_message() {
    for odd in ["\"x\"", "-1", "NaN", "1e999", "[1]", "true"] {
        let read = request(&format!(
            r#"{{"method": "m", "_timeout": {odd}, "_deadline_ms": {odd}, "_unique_id": [1]}}"#
        ))
        .unwrap();
        assert_eq!((read.monitor, read.remaining), (None, None), "{odd}");
        assert_eq!(read.unique_id.as_deref(), Some("[1]"));
    }
}

#[test]
fn of_equal_keys_the_last_counts() {
    let read = request(r#"{"method": "a", "args": {"x": 1, "y": 2, "x": 3}, "method": "b"}"#).unwrap();
    assert_eq!(read.method, "b");
    let args: Vec<_> = read.args.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(args, [("x", "3"), ("y", "2")]);

    let many: Vec<String> = (0..40).map(|n| format!(r#""k{}": {n}"#, n % 20)).collect();
    let read = request(&format!(r#"{{"method": "m", "args": {{{}}}}}"#, many.join(", "))).unwrap();
    assert_eq!(read.args.len(), 20);
    assert!(
        read.args
            .iter()
            .enumerate()
            .all(|(n, (k, v))| *k == format!("k{n}") && v.as_str() == (n + 20).to_string())
    );
}

#[test]
fn a_request_that_waited_for_its_sender_has_the_less_of_two_times_left() {
    let inner =
        r#"{"method": "m", "args": {}, "_msg_id": "1", "_reply_q": "reply_q", "_deadline_ms": 60000}"#;
    let left = |expiration: Option<u64>| {
        let properties = Properties { expiration: expiration.map(Duration::from_millis), ..json() };
        let read = Oslo2::new().decode_request(&enveloped(inner), &properties, &Limits::default()).unwrap();
        read.remaining.unwrap().as_millis()
    };
    assert_eq!((left(None), left(Some(10_000)), left(Some(90_000))), (60_000, 10_000, 60_000));
}
