//! Failures as they are written, and what peers put in its place.

use super::reply;
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::wire::{Limits, Oslo2, OutgoingReply, OutgoingReplyBody, WireFormat};

fn written(failure: &RemoteFailure) -> String {
    let body = OutgoingReplyBody::Failure(failure);
    let reply = OutgoingReply {
        message_id: "m",
        unique_id: "fedcba9876543210fedcba9876543210".parse().unwrap(),
        body,
    };
    let mut body = Vec::new();
    Oslo2::new().encode_reply(&reply, &Limits::default(), &mut body).unwrap();
    let inner: serde_json::Value = serde_json::from_str(&super::inner(&body)).unwrap();
    inner["failure"].as_str().unwrap().to_owned()
}

/// Reads a reply whose `failure` is this JSON.
fn read(failure: &str) -> RemoteFailure {
    let text = format!(r#"{{"result": null, "failure": {failure}, "ending": true, "_msg_id": "m"}}"#);
    reply(&text).unwrap().failure.unwrap()
}

fn read_text(failure: &str) -> RemoteFailure {
    read(&serde_json::to_string(failure).unwrap())
}

#[test]
fn b03_the_fields_stand_in_pythons_order() {
    let mut failure = RemoteFailure::new("wire_exc", "KwargsError", "kwargs=[('host', 'h1')]");
    failure.kwargs = vec![("host".into(), "\"h1\"".parse().unwrap()), ("n".into(), "NaN".parse().unwrap())];
    failure.args = vec!["1".parse().unwrap(), "[2]".parse().unwrap()];
    failure.traceback = vec!["a\n".into(), "b \"c\"\n".into()];
    let mut body = Vec::new();
    let reply = OutgoingReply {
        message_id: "m",
        unique_id: "fedcba9876543210fedcba9876543210".parse().unwrap(),
        body: OutgoingReplyBody::Failure(&failure),
    };
    Oslo2::new().encode_reply(&reply, &Limits::default(), &mut body).unwrap();
    let inner: serde_json::Value = serde_json::from_str(&super::inner(&body)).unwrap();
    assert_eq!(
        inner["failure"],
        r#"{"class": "KwargsError", "module": "wire_exc", "message": "kwargs=[('host', 'h1')]", "tb": ["a\n", "b \"c\"\n"], "args": [1, [2]], "kwargs": {"host": "h1", "n": NaN}}"#
    );
}

#[test]
fn b03_the_relay_suffix_is_cut_when_class_and_module_have_it() {
    let text = written(&RemoteFailure::new("nova.exception_Remote", "NotFound_Remote", ""));
    assert!(text.starts_with(r#"{"class": "NotFound", "module": "nova.exception", "#), "{text}");
    let text = written(&RemoteFailure::new("nova.exception", "NotFound_Remote", ""));
    assert!(text.starts_with(r#"{"class": "NotFound_Remote", "module": "nova.exception", "#), "{text}");

    let read = read_text(r#"{"class": "NotFound_Remote", "module": "nova.exception_Remote"}"#);
    assert_eq!(
        (read.class.as_str(), read.module.as_str(), read.relayed),
        ("NotFound", "nova.exception", true)
    );
    let read = read_text(r#"{"class": "NotFound_Remote", "module": "nova.exception"}"#);
    assert_eq!(
        (read.class.as_str(), read.module.as_str(), read.relayed),
        ("NotFound_Remote", "nova.exception", false)
    );
}

#[test]
fn b03_a_failure_is_read_whole() {
    let read = read_text(
        r#"{"class": "ValueError", "module": "builtins", "message": "('bad', 42)", "tb": ["a\n", "b\n"], "args": ["bad", 42], "kwargs": {"k": [1]}, "new": 1}"#,
    );
    assert_eq!((read.class.as_str(), read.module.as_str()), ("ValueError", "builtins"));
    assert_eq!(read.message, "('bad', 42)");
    assert_eq!(read.traceback, ["a\n", "b\n"]);
    assert_eq!(read.args.iter().map(|arg| arg.as_str()).collect::<Vec<_>>(), ["\"bad\"", "42"]);
    assert_eq!(read.kwargs[0].0, "k");
    assert_eq!(read.kwargs[0].1.as_str(), "[1]");
    assert!(!read.relayed);
}

#[test]
fn b03_python_2_calls_the_builtins_exceptions() {
    assert_eq!(read_text(r#"{"class": "KeyError", "module": "exceptions"}"#).module, "builtins");
}

#[test]
fn b07_missing_and_odd_fields_leave_the_rest() {
    let read =
        read_text(r#"{"class": "E", "module": null, "message": 7, "tb": "one", "args": 3, "kwargs": null}"#);
    assert_eq!((read.class.as_str(), read.module.as_str(), read.message.as_str()), ("E", "", "7"));
    assert_eq!(read.traceback, ["one"]);
    assert!(read.args.is_empty() && read.kwargs.is_empty());
    let read = read_text(r#"{"foo": 1}"#);
    assert_eq!(read, RemoteFailure::default());
}

#[test]
fn b07_an_object_in_place_of_the_text_is_read() {
    let read = read(r#"{"class": "E", "module": "m", "message": "t", "args": [1]}"#);
    assert_eq!((read.class.as_str(), read.module.as_str(), read.message.as_str()), ("E", "m", "t"));
    assert_eq!(read.args[0].as_str(), "1");
}

#[test]
fn b07_what_cannot_be_read_is_still_a_failure() {
    assert_eq!(read_text("it broke").message, "it broke");
    assert_eq!(read_text("[1]").message, "[1]");
    assert_eq!(read("true").message, "true");
    assert_eq!(read("[\"x\"]").message, "[\"x\"]");
    assert_eq!(read_text("it broke").class, "");
}
