//! Bounds: size, nesting, keys, compressed size. Nothing here may panic, recurse or fill the memory.

use super::{enveloped, json, request};
use oslo_messaging::context::Context;
use oslo_messaging::notify::Priority;
use oslo_messaging::wire::{
    Compression, Limits, Malformed, Oslo2, OutgoingNotification, OutgoingRequest, Properties, Unsendable,
    WireFormat,
};

fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

fn read(body: Vec<u8>, limits: &Limits) -> Result<(), Malformed> {
    Oslo2::new().decode_request(&body, &json(), limits).map(drop)
}

/// A compressed cast with one argument of so many bytes.
fn compressed(compression: Compression, size: usize) -> (Vec<u8>, Properties) {
    let args = format!(r#"{{"x": "{}"}}"#, "y".repeat(size));
    let context = Context::new();
    let outgoing = OutgoingRequest {
        method: "m",
        args: &args,
        namespace: None,
        version: None,
        call: None,
        unique_id: "fedcba9876544210bedcba9876543210".parse().unwrap(),
        context: &context,
    };
    let mut body = Vec::new();
    let properties = Oslo2::new()
        .with_compression(Some(compression))
        .encode_request(&outgoing, &Limits::default(), &mut body)
        .unwrap();
    (body, properties)
}

#[test]
fn a_body_of_20_mib_is_refused() {
    let body = enveloped(&format!(r#"{{"method": "m", "args": {{"x": "{}"}}}}"#, "y".repeat(20 << 20)));
    let error = read(body.clone(), &Limits::default()).unwrap_err();
    assert!(error.cause.contains("over 16777216 bytes"), "{error}");
    read(body, &limits(|limits| limits.body = 32 << 20)).unwrap();
}

#[test]
fn nesting_is_bounded_and_the_caller_answered() {
    let message = |levels: usize| {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        format!(
            r#"{{"method": "m", "args": {{"x": {open}{close}}}, "_msg_id": "m1", "_reply_q": "reply_q"}}"#
        )
    };
    request(&message(126)).unwrap();
    for levels in [127, 10_000, 1_000_000] {
        let error = request(&message(levels)).unwrap_err();
        assert!(error.cause.contains("levels deep"), "{error}");
        let answer = error.answer_to.unwrap();
        assert_eq!((answer.class, &*answer.reply_to), ("ValueError", "reply_q"));
        assert_eq!(answer.method.as_deref(), Some("m"));
    }
    let unclosed = format!(r#"{{"method": "m", "args": {{"x": {}"#, "[{\"a\":".repeat(100_000));
    assert!(request(&unclosed).is_err());
}

#[test]
fn keys_are_bounded_and_the_caller_answered() {
    let message = |keys: usize| {
        let members: Vec<String> = (0..keys).map(|n| format!(r#""k{n}": 1"#)).collect();
        format!(
            r#"{{"method": "m", "args": {{{}}}, "_msg_id": "m1", "_reply_q": "reply_q"}}"#,
            members.join(", ")
        )
    };
    // The message itself has four.
    let limits = limits(|limits| limits.keys = 1000);
    read(enveloped(&message(996)), &limits).unwrap();
    let error = read(enveloped(&message(997)), &limits).unwrap_err();
    assert!(error.cause.contains("1001 keys, allowed are 1000"), "{error}");
    assert_eq!(&*error.answer_to.unwrap().message_id, "m1");
    assert!(request(&message(200_000)).unwrap_err().answer_to.is_some());
}

#[test]
fn b05_compressed_bodies_are_read_back() {
    for compression in [Compression::Gzip, Compression::Bzip2] {
        let (body, properties) = compressed(compression, 1000);
        assert_eq!(properties.compression.as_deref(), Some(compression.header()));
        assert!(body.len() < 500);
        let request = Oslo2::new().decode_request(&body, &properties, &Limits::default()).unwrap();
        assert_eq!(request.args[0].1.as_str().len(), 1002);
    }
}

#[test]
fn b05_the_id_of_a_returned_body_is_found_in_its_compressed_form_too() {
    for compression in [Compression::Gzip, Compression::Bzip2] {
        let (body, properties) = compressed(compression, 1000);
        let request = Oslo2::new().decode_request(&body, &properties, &Limits::default()).unwrap();
        let id = Oslo2::new().unique_id(&body, &properties).unwrap();
        assert_eq!(request.unique_id.as_deref(), Some(id.as_str()));
    }
}

#[test]
fn b05_the_limit_counts_what_comes_out() {
    for compression in [Compression::Gzip, Compression::Bzip2] {
        let (body, properties) = compressed(compression, 4 << 20);
        assert!(body.len() < 1 << 16);
        let limits = limits(|limits| limits.body = 1 << 20);
        let error = Oslo2::new().decode_request(&body, &properties, &limits).unwrap_err();
        assert!(error.cause.contains("decompressed body is over 1048576 bytes"), "{error}");
    }
}

#[test]
fn b05_broken_and_unknown_compressions_are_refused() {
    for compression in [Compression::Gzip, Compression::Bzip2] {
        let (body, properties) = compressed(compression, 1000);
        for broken in [&b""[..], b"\x78\x9c", b"{}", &body[..body.len() / 2]] {
            let read = Oslo2::new().decode_request(broken, &properties, &Limits::default());
            assert!(read.is_err(), "{broken:?}");
        }
    }
    let properties = Properties { compression: Some("application/zstd".into()), ..json() };
    let error = Oslo2::new().decode_request(b"{}", &properties, &Limits::default()).unwrap_err();
    assert!(error.cause.contains("`application/zstd` is not supported"), "{error}");
}

#[test]
fn failures_are_bounded_too() {
    let many = "1,".repeat(200_000);
    for failure in [
        format!(r#"{{"class": "E", "args": [{many}1]}}"#),
        format!(r#"{{"class": "E", "kwargs": {{"x": {}1{}}}}}"#, "[".repeat(50_000), "]".repeat(50_000)),
        "[".repeat(100_000),
    ] {
        let text = serde_json::to_string(&failure).unwrap();
        let inner = format!(r#"{{"result": null, "failure": {text}, "ending": true, "_msg_id": "m"}}"#);
        let reply = Oslo2::new().decode_reply(&enveloped(&inner), &json(), &Limits::default()).unwrap();
        let failure = reply.failure.unwrap();
        assert!(failure.args.len() < 200_000);
        // Deep values are kept; decoding them is an error, not the end of the stack.
        assert!(failure.kwargs.iter().all(|(_, value)| value.decode::<serde_json::Value>().is_err()));
    }
}

/// What becomes of a notification with this payload, and the body that was written.
fn notification(
    format: &Oslo2,
    payload: &str,
    bare: bool,
    limits: &Limits,
) -> (Result<Properties, Unsendable>, Vec<u8>) {
    let context = Context::new();
    let outgoing = OutgoingNotification {
        message_id: "9d15cf4e-2c2c-4f5b-a6a8-3a2f5c4e7c11",
        publisher_id: None,
        event_type: "evt",
        priority: Priority::Info,
        payload,
        timestamp: "2026-11-22 04:48:58.255225",
        unique_id: "fedcba9876544210bedcba9876543210".parse().unwrap(),
        context: &context,
        bare,
    };
    let mut body = Vec::new();
    let written = format.encode_notification(&outgoing, limits, &mut body);
    (written, body)
}

#[test]
fn a_notification_is_written_exactly_when_a_reader_of_the_same_limits_takes_it() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let keyed = |keys: usize| {
        format!("{{{}}}", (0..keys).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","))
    };
    let depth = limits(|limits| limits.depth = 20);
    let keys = limits(|limits| limits.keys = 50);
    let body = limits(|limits| limits.body = 4096);
    for compression in [None, Some(Compression::Gzip), Some(Compression::Bzip2)] {
        let format = Oslo2::new().with_compression(compression);
        for bare in [false, true] {
            let mut taken = Vec::new();
            for (payload, limits) in (10..30)
                .map(|levels| (nested(levels), depth))
                .chain((30..60).map(|count| (keyed(count), keys)))
                .chain((3600..4000).step_by(10).map(|size| (format!("\"{}\"", "x".repeat(size)), body)))
            {
                let (written, bytes) = notification(&format, &payload, bare, &limits);
                match &written {
                    Ok(properties) => _ = format.decode_notification(&bytes, properties, &limits).unwrap(),
                    Err(error) => {
                        assert!(bytes.is_empty());
                        // Written by somebody with other limits, it is refused for the same.
                        let (properties, bytes) = notification(&format, &payload, bare, &Limits::default());
                        let refused = format.decode_notification(&bytes, &properties.unwrap(), &limits);
                        let refused = refused.unwrap_err();
                        assert!(refused.over_limit, "{error}: {refused}");
                    }
                }
                taken.push(written.is_ok());
            }
            let of = |range: std::ops::Range<usize>| taken[range].iter().filter(|taken| **taken).count();
            assert_eq!((of(0..20), of(20..50)), (10, 14), "19 levels and 43 keys beside its own");
            assert!((1..40).contains(&of(50..90)));
        }
    }
}

#[test]
fn a_payload_of_any_depth_is_refused_before_it_is_sent() {
    for levels in [127, 128, 10_000, 1_000_000] {
        let (open, close) = ("[".repeat(levels), "]".repeat(levels));
        for inner in ["", r#"{"__type__": 1, "more": 2}"#] {
            for bare in [false, true] {
                let payload = format!("{open}{inner}{close}");
                let (written, _) = notification(&Oslo2::new(), &payload, bare, &Limits::default());
                let fits = levels == 127 && inner.is_empty();
                assert_eq!(written.is_ok(), fits, "{levels} {bare}: {written:?}");
            }
        }
    }
}
