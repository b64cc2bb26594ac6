//! Whatever is written is read back as it was, and is what any JSON parser reads.

use super::{inner, json};
use oslo_messaging::context::{Context, RESERVED_KEYS};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::id::MessageId;
use oslo_messaging::json::RawJson;
use oslo_messaging::version::Version;
use oslo_messaging::wire::{
    Compression, IncomingVersion, Limits, Oslo2, OutgoingCall, OutgoingReply, OutgoingReplyBody,
    OutgoingRequest, WireFormat,
};
use proptest::prelude::*;
use serde_json::Value;
use std::time::Duration;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e15..1e15).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::from(serde_json::Map::from_iter(map))),
        ]
    })
}

fn object() -> impl Strategy<Value = serde_json::Map<String, Value>> {
    proptest::collection::btree_map(any::<String>(), value(), 0..5).prop_map(serde_json::Map::from_iter)
}

fn format() -> impl Strategy<Value = Oslo2> {
    prop_oneof![Just(None), Just(Some(Compression::Gzip)), Just(Some(Compression::Bzip2))]
        .prop_map(|compression| Oslo2::new().with_compression(compression))
}

fn decoded(pairs: &[(String, RawJson)]) -> serde_json::Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), value.decode().unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn requests(
        format in format(),
        method in any::<String>(),
        args in object(),
        namespace in any::<Option<String>>(),
        version in any::<Option<(u32, u32, u32)>>(),
        call in any::<Option<(String, Option<u32>, u32)>>(),
        entries in object(),
    ) {
        let args_text = serde_json::to_string(&args).unwrap();
        let version = version.map(|(major, minor, revision)| Version { major, minor, revision });
        let context = entries.iter().filter(|(key, _)| !RESERVED_KEYS.contains(&key.as_str()))
            .fold(Context::new(), |context, (key, value)| context.with(key, value).unwrap());
        let request = OutgoingRequest {
            method: &method,
            args: &args_text,
            namespace: namespace.as_deref(),
            version,
            call: call.as_ref().map(|(reply_to, monitor, timeout)| OutgoingCall {
                message_id: MessageId::random(),
                reply_to,
                monitor: monitor.map(|millis| Duration::from_millis(millis.into())),
                timeout: Duration::from_millis((*timeout).into()),
            }),
            unique_id: MessageId::random(),
            context: &context,
        };
        let mut body = Vec::new();
        let properties = format.encode_request(&request, &Limits::default(), &mut body).unwrap();
        if properties.compression.is_none() {
            let inner: Value = serde_json::from_str(&inner(&body)).unwrap();
            prop_assert_eq!(&inner["args"], &Value::from(args.clone()));
            prop_assert_eq!(inner["method"].as_str(), Some(method.as_str()));
        }
        let read = format.decode_request(&body, &properties, &Limits::default()).unwrap();
        prop_assert_eq!(&read.method, &method);
        prop_assert_eq!(decoded(&read.args), args);
        prop_assert_eq!(&read.namespace, &namespace);
        prop_assert_eq!(read.version, version.map_or(IncomingVersion::Absent, IncomingVersion::Is));
        prop_assert_eq!(read.unique_id.as_deref(), Some(request.unique_id.as_str()));
        prop_assert_eq!(decoded(&read.context), entries);
        let sent = request.call.as_ref();
        prop_assert_eq!(read.message_id.as_deref(), sent.map(|call| call.message_id.as_str()));
        prop_assert_eq!(read.reply_to.as_deref(), sent.map(|call| call.reply_to).filter(|queue| !queue.is_empty()));
        prop_assert_eq!(read.remaining, sent.map(|call| call.timeout));
        prop_assert_eq!(read.monitor, sent.and_then(|call| call.monitor));
    }

    #[test]
    fn results(format in format(), message_id in any::<String>(), result in value()) {
        let text = serde_json::to_string(&result).unwrap();
        let reply = OutgoingReply {
            message_id: &message_id,
            unique_id: MessageId::random(),
            body: OutgoingReplyBody::Result(&text),
        };
        let mut body = Vec::new();
        let properties = format.encode_reply(&reply, &Limits::default(), &mut body).unwrap();
        let read = format.decode_reply(&body, &properties, &Limits::default()).unwrap();
        prop_assert_eq!(read.message_id, message_id);
        prop_assert_eq!(read.result.map_or(Value::Null, |result| result.decode().unwrap()), result);
        prop_assert!(read.failure.is_none() && read.ending);
    }

    #[test]
    fn failures(
        class in any::<String>(),
        message in any::<String>(),
        args in proptest::collection::vec(value(), 0..4),
        kwargs in object(),
        traceback in any::<Vec<String>>(),
    ) {
        let mut failure = RemoteFailure::new("my_crate::errors", class, message);
        failure.args = args.iter().map(|arg| RawJson::encode(arg).unwrap()).collect();
        failure.kwargs = kwargs.iter().map(|(name, arg)| (name.clone(), RawJson::encode(arg).unwrap())).collect();
        failure.traceback = traceback;
        let reply = OutgoingReply {
            message_id: "m",
            unique_id: MessageId::random(),
            body: OutgoingReplyBody::Failure(&failure),
        };
        let mut body = Vec::new();
        let properties = Oslo2::new().encode_reply(&reply, &Limits::default(), &mut body).unwrap();
        prop_assert_eq!(&properties.content_type, &json().content_type);
        let read = Oslo2::new().decode_reply(&body, &properties, &Limits::default()).unwrap();
        prop_assert_eq!(read.failure, Some(failure));
    }

    #[test]
    fn odd_values_decode_like_ordinary_ones(value in value()) {
        // The lenient reader is forced by an oddity beside the value.
        let text = serde_json::to_string(&value).unwrap();
        let beside: RawJson = format!("[{text}, NaN]").parse().unwrap();
        let (read, nan): (Value, f64) = beside.decode().unwrap();
        prop_assert!(nan.is_nan());
        prop_assert_eq!(read, value);
    }
}
