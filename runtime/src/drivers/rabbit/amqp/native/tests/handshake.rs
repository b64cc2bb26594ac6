//! Peers that are no broker of ours.

use super::super::Connection;
use super::super::handshake::{Agreed, log_in};
use super::super::input::Input;
use super::peer::{FRAME_MAX, Peer, ROOM, bytes};
use super::soon;
use crate::drivers::rabbit::amqp::{Event, Node};
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::{ConnectFailure, ConnectFailureKind, HostSpec};
use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, connection};
use std::future::poll_fn;

async fn greeted_with(greeting: &[u8]) -> ConnectFailure {
    let (mut ours, theirs) = tokio::io::duplex(ROOM);
    let mut peer = Peer::new(theirs);
    peer.send_bytes(greeting).await;
    let node = Node { host: HostSpec::new("nowhere"), virtual_host: "/".to_owned() };
    let logging_in = async {
        let mut input = Input::default();
        log_in(&mut ours, &mut input, &node, "test", 0).await.unwrap_err()
    };
    let closing = async {
        tokio::task::yield_now().await;
        drop(peer);
    };
    soon("a refusal", async { tokio::join!(logging_in, closing).0 }).await
}

#[tokio::test]
async fn a_peer_that_speaks_something_else_is_told_by_what_it_says() {
    let failure = greeted_with(b"AMQP\x03\x01\0\0").await;
    assert_eq!(failure.kind, ConnectFailureKind::Protocol);
    assert!(failure.cause.contains("speaks AMQP 3 1.0.0"), "{}", failure.cause);
    let failure = greeted_with(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(failure.kind, ConnectFailureKind::Protocol);
    for greeting in [&b""[..], b"\x01\0\0", b"AMQP\0"] {
        let failure = greeted_with(greeting).await;
        assert_eq!(failure.kind, ConnectFailureKind::Unreachable, "{greeting:?}");
    }
}

/// A field table with tables or arrays in each other, each the only value of the one around it.
fn nested(levels: usize, kind: u8) -> Vec<u8> {
    let lead: &[u8] = if kind == b'F' { b"\x01a" } else { b"" };
    let size = lead.len() + 5;
    let value = |level: usize| [&[kind][..], &u32::try_from(level * size).unwrap().to_be_bytes()].concat();
    let inner = (0..levels - 1).rev().flat_map(|level| [lead, &value(level)].concat());
    let outer = [&b"\x01a"[..], &value(levels - 1)].concat();
    outer.into_iter().chain(inner).collect()
}

/// Whoever answers at the address says the first word: it must not cost the process.
#[tokio::test]
async fn a_greeting_with_deeply_nested_properties_takes_no_stack() {
    for kind in [b'F', b'A'] {
        let table = nested(18_000, kind);
        let mut payload = vec![0, 10, 0, 10, 0, 9];
        for part in [&table[..], b"EXTERNAL", b"en_US"] {
            payload.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
            payload.extend(part);
        }
        let mut greeting = vec![1, 0, 0];
        greeting.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        greeting.extend(payload);
        greeting.push(0xCE);
        let failure = greeted_with(&greeting).await;
        assert_eq!(failure.kind, ConnectFailureKind::Protocol);
        assert!(failure.cause.contains("EXTERNAL"), "{}", failure.cause);
    }
}

/// One read may bring the end of the handshake and more.
#[tokio::test(start_paused = true)]
async fn what_came_with_the_end_of_the_handshake_is_taken_at_once() {
    let (mut ours, theirs) = tokio::io::duplex(4096);
    let mut peer = Peer::new(theirs);
    let blocked = connection::AMQPMethod::Blocked(connection::Blocked { reason: "of the test".into() });
    peer.send_bytes(&bytes(&AMQPFrame::Method(0, AMQPClass::Connection(blocked)))).await;
    let mut input = Input::default();
    poll_fn(|cx| input.poll_fill(&mut ours, cx)).await.unwrap();
    let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
    let (_connection, mut events) = Connection::start(ours, None, input, agreed, 0, Surroundings::default());
    let event = soon("an event", events.recv()).await;
    assert!(matches!(&event, Some(Event::Blocked(reason)) if reason == "of the test"), "{event:?}");
}
