//! Our frames as `amq-protocol` reads them, its frames as we read them, and bytes that are no frames.

use super::super::codec::{self, Frame, Method};
use super::peer::{bytes, message};
use crate::drivers::rabbit::amqp::Message;
use crate::id::MessageId;
use crate::wire::{Header, Properties};
use amq_protocol::frame::{AMQPContentHeader, AMQPFrame, parse_frame};
use amq_protocol::protocol::{AMQPClass, basic};
use amq_protocol::types::{AMQPValue, FieldTable};
use proptest::prelude::*;
use std::borrow::Cow;
use std::time::Duration;

fn parsed(mut bytes: &[u8]) -> Vec<AMQPFrame> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (rest, frame) = parse_frame(bytes).unwrap();
        frames.push(frame);
        bytes = rest;
    }
    frames
}

fn short() -> impl Strategy<Value = String> {
    "[a-zéß.]{0,80}".prop_filter("a short string", |text| text.len() <= codec::SHORT)
}

fn a_header() -> impl Strategy<Value = Header> {
    prop_oneof![".{0,40}".prop_map(Header::Text), any::<i64>().prop_map(Header::Integer)]
}

fn properties() -> impl Strategy<Value = Properties> {
    let texts = (prop::option::of(short()), prop::option::of(short()), prop::option::of(short()));
    let headers = prop::collection::btree_map("h[a-z]{0,8}", a_header(), 0..5);
    (texts, prop::option::of(any::<u64>()), any::<bool>(), headers).prop_map(
        |((content_type, content_encoding, compression), expiration, persistent, headers)| Properties {
            content_type: content_type.map(Cow::Owned),
            content_encoding: content_encoding.map(Cow::Owned),
            compression: compression.map(Cow::Owned),
            expiration: expiration.map(Duration::from_millis),
            persistent,
            headers: headers.into_iter().map(|(name, value)| (Cow::Owned(name), value)).collect(),
        },
    )
}

/// The properties as `amq-protocol` has them.
fn expected(properties: &Properties) -> basic::AMQPProperties {
    let mut headers = FieldTable::default();
    for (name, value) in &properties.headers {
        let value = match value {
            Header::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Header::Integer(number) => AMQPValue::LongLongInt(*number),
        };
        headers.insert(name.as_ref().into(), value);
    }
    if let Some(compression) = &properties.compression {
        headers.insert("compression".into(), AMQPValue::LongString(compression.as_ref().into()));
    }
    let mut expected = basic::AMQPProperties::default()
        .with_headers(headers)
        .with_delivery_mode(if properties.persistent { 2 } else { 1 })
        .with_priority(0);
    if let Some(text) = &properties.content_type {
        expected = expected.with_content_type(text.as_ref().into());
    }
    if let Some(text) = &properties.content_encoding {
        expected = expected.with_content_encoding(text.as_ref().into());
    }
    if let Some(expiration) = properties.expiration {
        expected = expected.with_expiration(expiration.as_millis().to_string().into());
    }
    expected
}

fn payload(frame: &AMQPFrame) -> Vec<u8> {
    let bytes = bytes(frame);
    bytes[codec::HEAD..bytes.len() - 1].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_publish_is_what_was_meant(
        exchange in short(), routing_key in short(), mandatory: bool, properties in properties(),
        body in prop::collection::vec(any::<u8>(), 0..10_000), channel: u16,
    ) {
        let unique_id = MessageId::random();
        let (exchange, routing_key) = (exchange.into(), routing_key.into());
        let sent = Message { exchange, routing_key, mandatory, properties, body, unique_id };
        let mut out = b"before".to_vec();
        codec::put_publish(&mut out, channel, 4096, &sent).unwrap();
        let frames = parsed(&out[b"before".len()..]);
        let publish = basic::Publish {
            exchange: (*sent.exchange).into(),
            routing_key: (*sent.routing_key).into(),
            mandatory,
            immediate: false,
        };
        prop_assert_eq!(&frames[0], &AMQPFrame::Method(channel, AMQPClass::Basic(basic::AMQPMethod::Publish(publish))));
        let header = AMQPContentHeader {
            class_id: 60,
            body_size: sent.body.len() as u64,
            properties: expected(&sent.properties),
        };
        prop_assert_eq!(&frames[1], &AMQPFrame::Header(channel, header));
        let mut whole: Vec<u8> = Vec::new();
        for frame in &frames[2..] {
            let AMQPFrame::Body(number, chunk) = frame else { panic!("{frame:?}") };
            prop_assert_eq!(*number, channel);
            prop_assert!(!chunk.is_empty() && chunk.len() <= 4096 - codec::OVERHEAD);
            whole.extend(chunk);
        }
        prop_assert_eq!(&whole, &sent.body);
        // And what we read of it is what was sent.
        let (size, read) = codec::content(&payload(&frames[1])).unwrap();
        prop_assert_eq!((size, read), (sent.body.len() as u64, sent.properties));
    }

    #[test]
    fn an_acknowledgement_is_what_was_meant(channel: u16, tag: u64, multiple: bool) {
        let mut out = Vec::new();
        codec::put_ack(&mut out, channel, tag, multiple);
        let ack = AMQPClass::Basic(basic::AMQPMethod::Ack(basic::Ack { delivery_tag: tag, multiple }));
        let meant = AMQPFrame::Method(channel, ack);
        prop_assert_eq!(&parsed(&out), std::slice::from_ref(&meant));
        let payload = payload(&meant);
        let Ok(Method::Ack { tag: read, multiple: all }) = codec::method(&payload) else { panic!("no ack") };
        prop_assert_eq!((read, all), (tag, multiple));
    }

    #[test]
    fn a_delivery_is_read_as_it_was_sent(tag in short(), exchange in short(), delivery_tag: u64, redelivered: bool) {
        let deliver = basic::Deliver {
            consumer_tag: tag.as_str().into(),
            delivery_tag,
            redelivered,
            exchange: exchange.as_str().into(),
            routing_key: exchange.as_str().into(),
        };
        let frame = AMQPFrame::Method(3, AMQPClass::Basic(basic::AMQPMethod::Deliver(deliver)));
        let payload = payload(&frame);
        let Ok(Method::Deliver { consumer, tag: read, redelivered: again }) = codec::method(&payload) else {
            panic!("no delivery")
        };
        prop_assert_eq!((consumer, read, again), (tag.as_str(), delivery_tag, redelivered));
    }

    #[test]
    fn no_bytes_make_the_codec_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), largest in 0_usize..400) {
        let mut rest = &bytes[..];
        while let Ok(Some((frame, length))) = codec::frame(rest, largest) {
            prop_assert!(length >= codec::OVERHEAD && frame.payload.len() + codec::OVERHEAD == length);
            rest = &rest[length..];
        }
        let _ = codec::content(&bytes);
        let _ = codec::method(&bytes);
    }

    /// The same where nearly everything is right.
    #[test]
    fn no_altered_frame_makes_the_codec_panic(
        properties in properties(), at: prop::sample::Index, to: u8, length: prop::sample::Index,
    ) {
        let header = AMQPContentHeader { class_id: 60, body_size: 1, properties: expected(&properties) };
        let mut payload = payload(&AMQPFrame::Header(1, header));
        let at = at.index(payload.len());
        payload[at] = to;
        let _ = codec::content(&payload);
        payload.truncate(length.index(payload.len()));
        let _ = codec::content(&payload);
    }
}

#[test]
fn a_heartbeat_is_what_was_meant() {
    let mut out = Vec::new();
    codec::put_heartbeat(&mut out);
    assert_eq!(parsed(&out), [AMQPFrame::Heartbeat]);
}

#[test]
fn every_property_of_a_stranger_is_read_or_passed_over() {
    let mut headers = FieldTable::default();
    headers.insert("text".into(), AMQPValue::LongString("x".into()));
    headers.insert("number".into(), AMQPValue::LongInt(-7));
    headers.insert("flag".into(), AMQPValue::Boolean(true));
    headers.insert("compression".into(), AMQPValue::LongString("application/x-gzip".into()));
    headers.insert("table".into(), AMQPValue::FieldTable(FieldTable::default()));
    let properties = basic::AMQPProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
        .with_headers(headers)
        .with_delivery_mode(2)
        .with_priority(9)
        .with_correlation_id("correlation".into())
        .with_reply_to("reply".into())
        .with_expiration("60000".into())
        .with_message_id("id".into())
        .with_timestamp(1)
        .with_type("type".into())
        .with_user_id("guest".into())
        .with_app_id("app".into())
        .with_cluster_id("cluster".into());
    let header = AMQPContentHeader { class_id: 60, body_size: 12, properties };
    let (size, read) = codec::content(&payload(&AMQPFrame::Header(1, header))).unwrap();
    assert_eq!(size, 12);
    assert_eq!(read.content_type.as_deref(), Some("application/json"));
    assert_eq!(read.content_encoding.as_deref(), Some("utf-8"));
    assert_eq!(read.compression.as_deref(), Some("application/x-gzip"));
    assert_eq!(read.expiration, Some(Duration::from_secs(60)));
    assert!(read.persistent);
    assert_eq!(read.header("text"), Some(&Header::Text("x".to_owned())));
    assert_eq!(read.header("number"), Some(&Header::Integer(-7)));
    assert_eq!(read.headers.len(), 2);
}

#[test]
fn a_frame_that_is_cut_anywhere_is_waited_for() {
    let mut out = Vec::new();
    codec::put_publish(&mut out, 1, 4096, &message("one")).unwrap();
    let mut rest = &out[..];
    while let Some((_, length)) = codec::frame(rest, 4096).unwrap() {
        for cut in 0..length {
            assert_eq!(codec::frame(&rest[..cut], 4096), Ok(None), "cut at {cut}");
        }
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
}

#[test]
fn the_largest_frame_is_the_one_agreed_on() {
    let frame = |size: usize| {
        let mut frame = vec![codec::BODY, 0, 1];
        frame.extend(u32::try_from(size).unwrap().to_be_bytes());
        frame.resize(codec::HEAD + size, 0);
        frame.push(0xCE);
        frame
    };
    let largest = frame(4096 - codec::OVERHEAD);
    let (Frame { payload, .. }, length) = codec::frame(&largest, 4096).unwrap().unwrap();
    assert_eq!((payload.len(), length), (4096 - codec::OVERHEAD, 4096));
    assert!(codec::frame(&frame(4096 - codec::OVERHEAD + 1), 4096).is_err());
    // Told by the head alone, before any of it is kept.
    assert!(codec::frame(&frame(1 << 20)[..codec::HEAD], 4096).is_err());
}

/// As many levels as one frame of a broker holds.
#[test]
fn nested_headers_take_no_stack() {
    let levels = 26_000_u32;
    let mut nested = Vec::new();
    for inner in (0..levels).rev() {
        nested.push(b'A');
        nested.extend((5 * inner).to_be_bytes());
    }
    let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0b0010_0000, 0];
    payload.extend(u32::try_from(nested.len() + 2).unwrap().to_be_bytes());
    payload.extend(b"\x01a");
    payload.extend(nested);
    let (size, properties) = codec::content(&payload).unwrap();
    assert_eq!((size, properties), (1, Properties::default()));
}

/// A broker sends none of them, so whatever stands in them is not even looked at.
#[test]
fn methods_with_tables_are_refused_unread() {
    for (class, method) in [(10, 11), (40, 10), (40, 30), (40, 40), (50, 10), (50, 20), (50, 50), (60, 20)] {
        let Err(error) = codec::method(&[0, class, 0, method]) else { panic!("{class}.{method} is taken") };
        assert!(error.text.contains("only clients send"), "{error}");
    }
}

/// A producer's mistake in one message is not the broker's.
#[test]
fn properties_that_are_no_text_cost_no_message() {
    for flags in [0b1000_0000_u8, 0b0100_0000] {
        let payload = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, flags, 0, 2, 0xff, 0xfe];
        assert_eq!(codec::content(&payload), Ok((1, Properties::default())));
    }
}
