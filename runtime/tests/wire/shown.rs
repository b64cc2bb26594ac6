//! No message shows what it carries in `Debug`.

use super::{reply, request};
use oslo_messaging::context::Context;
use oslo_messaging::contract::{Answer, Reply};
use oslo_messaging::json::RawJson;
use oslo_messaging::notify::Priority;
use oslo_messaging::transport::{Publish, Route};
use oslo_messaging::wire::{
    Limits, Oslo2, OutgoingNotification, OutgoingReply, OutgoingReplyBody, OutgoingRequest, Properties,
    WireFormat,
};

const SECRET: &str = "s3cret";

#[test]
fn a_message_shows_names_and_lengths() {
    let json = format!(r#"{{"pin": "{SECRET}"}}"#);
    let value: RawJson = json.parse().unwrap();
    let context = Context::new().with("auth_token", SECRET).unwrap();
    let unique_id = oslo_messaging::id::MessageId::random();
    let outgoing = OutgoingRequest {
        method: "m",
        args: &json,
        namespace: None,
        version: None,
        call: None,
        unique_id,
        context: &context,
    };
    let body = OutgoingReplyBody::Result(&json);
    let notification = OutgoingNotification {
        message_id: "1",
        publisher_id: None,
        event_type: "e",
        priority: Priority::Info,
        payload: &json,
        timestamp: "2026-11-22 04:48:58.255225",
        unique_id,
        context: &context,
        bare: false,
    };
    let mut sent = Vec::new();
    let properties = Oslo2::new().encode_notification(&notification, &Limits::default(), &mut sent).unwrap();
    let received = Oslo2::new().decode_notification(&sent, &properties, &Limits::default()).unwrap();
    let publish = Publish {
        route: Route::Fanout { topic: "t".into() },
        body: json.clone().into_bytes(),
        properties: Properties::default(),
        unique_id,
        mandatory: false,
        answered: false,
        deadline: None,
        retry: None,
    };
    let incoming =
        request(&format!(r#"{{"method": "m", "args": {json}, "_context_auth_token": "{SECRET}"}}"#));
    let shown = [
        format!("{outgoing:?}"),
        format!("{:?}", OutgoingReply { message_id: "1", unique_id, body }),
        format!("{notification:?}"),
        format!("{received:?}"),
        format!("{publish:?}"),
        format!("{:?}", incoming.unwrap()),
        format!("{:?}", reply(&format!(r#"{{"result": {json}, "_msg_id": "1", "ending": true}}"#)).unwrap()),
        format!("{:?}", Answer::Result(value.clone())),
        format!("{:?}", Reply::Result(value)),
    ];
    for shown in shown {
        // As text and as a list of bytes.
        assert!(!shown.contains(SECRET) && !shown.contains("115, 51, 99"), "{shown}");
        assert!(shown.contains(" bytes>"), "{shown}");
    }
}
