//! Peers that are no broker of ours.

use super::super::handshake::log_in;
use super::super::input::Input;
use super::peer::Peer;
use super::soon;
use crate::drivers::rabbit::amqp::Node;
use crate::transport::{ConnectFailure, ConnectFailureKind, HostSpec};

async fn greeted_with(greeting: &[u8]) -> ConnectFailure {
    let (mut ours, theirs) = tokio::io::duplex(4096);
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
