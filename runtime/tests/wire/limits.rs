//! Bounds: size, nesting, keys, compressed size. Nothing here may panic, recurse or fill the memory.

use super::{enveloped, json, request};
use oslo_messaging::context::Context;
use oslo_messaging::wire::{Compression, Limits, Malformed, Oslo2, OutgoingRequest, Properties, WireFormat};

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
        assert_eq!((answer.class, answer.reply_to.as_str()), ("ValueError", "reply_q"));
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
    assert_eq!(error.answer_to.unwrap().message_id, "m1");
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
