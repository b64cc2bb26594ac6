//! Replies as they are written, and each variant of them read.

use super::{inner, reply};
use oslo_messaging::error::{RejectionKind, RemoteFailure};
use oslo_messaging::wire::{IncomingReply, Limits, Oslo2, OutgoingReply, OutgoingReplyBody, WireFormat};

const UNIQUE: &str = "fedcba9876543210fedcba9876543210";

fn written(body: OutgoingReplyBody<'_>) -> String {
    let reply = OutgoingReply { message_id: "m\"1", unique_id: UNIQUE.parse().unwrap(), body };
    let mut body = Vec::new();
    let properties = Oslo2::new().encode_reply(&reply, &Limits::default(), &mut body).unwrap();
    assert_eq!(properties.expiration, None);
    assert!(properties.persistent);
    inner(&body)
}

fn result(reply: &IncomingReply) -> Option<&str> {
    reply.result.as_ref().map(|result| result.as_str())
}

#[test]
fn b02_a_result_has_all_keys_in_wire_order() {
    assert_eq!(
        written(OutgoingReplyBody::Result(r#"{"a": [1]}"#)),
        format!(
            r#"{{"result": {{"a": [1]}}, "failure": null, "ending": true, "_msg_id": "m\"1", "_unique_id": "{UNIQUE}", "_peer": "rust"}}"#
        )
    );
}

#[test]
fn b13_a_heartbeat_is_an_unfinished_nothing() {
    let text = written(OutgoingReplyBody::Heartbeat);
    assert!(text.starts_with(r#"{"result": null, "failure": null, "ending": false, "_msg_id": "m\"1", "#));
    let read = reply(&text).unwrap();
    assert!(!read.ending && read.result.is_none() && read.failure.is_none() && read.rust_peer);
    assert_eq!(read.message_id, "m\"1");
}

#[test]
fn b02_failures_and_refusals_are_read_back() {
    let mut failure = RemoteFailure::new("builtins", "ValueError", "bad \"value\"\n");
    failure.args = vec!["\"bad\"".parse().unwrap(), "42".parse().unwrap()];
    failure.kwargs = vec![("host".into(), "\"h1\"".parse().unwrap())];
    failure.traceback = vec!["Traceback (most recent call last):\n".into()];
    let read = reply(&written(OutgoingReplyBody::Failure(&failure))).unwrap();
    assert_eq!(read.failure, Some(failure.clone()));
    assert_eq!((result(&read), read.ending, read.refused), (None, true, None));

    let refusal = OutgoingReplyBody::Refusal { failure: &failure, kind: RejectionKind::NoSuchMethod };
    let text = written(refusal);
    assert!(text.ends_with(r#", "_peer": "rust", "_refused": "no_such_method"}"#), "{text}");
    assert_eq!(reply(&text).unwrap().refused, Some(RejectionKind::NoSuchMethod));
}

#[test]
fn b07_all_four_keys_and_nothing_else() {
    let read = reply(r#"{"result": "R", "failure": null, "ending": true, "_msg_id": "m"}"#).unwrap();
    assert_eq!((result(&read), read.ending, read.rust_peer), (Some("\"R\""), true, false));
    assert_eq!((read.unique_id, read.refused), (None, None));
}

#[test]
fn b07_a_missing_failure_is_none() {
    let read = reply(r#"{"result": "R", "ending": true, "_msg_id": "m"}"#).unwrap();
    assert_eq!((result(&read), &read.failure, read.ending), (Some("\"R\""), &None, true));
}

#[test]
fn b07_a_missing_result_is_none() {
    let read = reply(r#"{"failure": null, "ending": true, "_msg_id": "m"}"#).unwrap();
    assert_eq!((result(&read), read.ending), (None, true));
}

#[test]
fn b07_a_missing_ending_is_not_the_end() {
    assert!(!reply(r#"{"result": "R", "failure": null, "_msg_id": "m"}"#).unwrap().ending);
    for (ending, expected) in [("false", false), ("null", false), ("0", false), ("1", true), ("\"x\"", true)]
    {
        let read = reply(&format!(r#"{{"result": 1, "failure": null, "ending": {ending}, "_msg_id": "m"}}"#))
            .unwrap();
        assert_eq!(read.ending, expected, "{ending}");
    }
}

#[test]
fn b07_without_a_message_id_there_is_nobody_to_give_it_to() {
    for id in ["", r#", "_msg_id": null"#, r#", "_msg_id": 7"#] {
        let error = reply(&format!(r#"{{"result": 1, "failure": null, "ending": true{id}}}"#)).unwrap_err();
        assert!(error.cause.contains("_msg_id"), "{error}");
    }
}

#[test]
fn b07_false_values_are_no_failure() {
    for falsy in ["false", "null", "\"\"", "0", "{}", "[]"] {
        let read = reply(&format!(r#"{{"result": 1, "failure": {falsy}, "ending": true, "_msg_id": "m"}}"#))
            .unwrap();
        assert_eq!((result(&read), &read.failure), (Some("1"), &None), "{falsy}");
    }
}

#[test]
fn b07_two_part_replies_keep_their_ending() {
    let first = reply(r#"{"result": "R", "failure": null, "ending": false, "_msg_id": "m"}"#).unwrap();
    assert_eq!((result(&first), first.ending), (Some("\"R\""), false));
    let second = reply(r#"{"result": null, "failure": null, "ending": true, "_msg_id": "m"}"#).unwrap();
    assert_eq!((result(&second), second.ending), (None, true));
}

#[test]
fn a13_falsy_results_survive() {
    for falsy in ["0", "\"\"", "[]", "false", "{}", "0.0"] {
        let read =
            reply(&format!(r#"{{"result": {falsy}, "failure": null, "ending": true, "_msg_id": "m"}}"#))
                .unwrap();
        assert_eq!(result(&read), Some(falsy));
    }
}

#[test]
fn an_unknown_refusal_is_a_failure_like_any_other() {
    let read = reply(
        r#"{"result": null, "failure": "{\"class\": \"E\"}", "ending": true, "_msg_id": "m", "_peer": "rust", "_refused": "from_the_future"}"#,
    )
    .unwrap();
    assert!(read.rust_peer && read.refused.is_none() && read.failure.is_some());
    assert!(!reply(r#"{"result": 1, "ending": true, "_msg_id": "m", "_peer": true}"#).unwrap().rust_peer);
}
