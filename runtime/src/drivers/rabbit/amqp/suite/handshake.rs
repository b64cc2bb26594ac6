//! Logging in, where that does not go well; and saying good-bye.

use super::stage::{Stage, consume, inspected, node, publish, take, within};
use crate::drivers::rabbit::amqp::Connection;
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::{ConnectFailure, ConnectFailureKind};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};

async fn refused(stage: &Stage, address: &str, password: &str, virtual_host: &str) -> ConnectFailure {
    let mut node = node(address, virtual_host);
    node.host.password = password.into();
    match stage.try_open(&node).await {
        Ok(_) => panic!("{address} let us in"),
        Err(failure) => failure,
    }
}

pub async fn refusals_are_told_apart(stage: Stage) {
    let (address, host) = (&*stage.address, &*stage.virtual_host);
    let failure = refused(&stage, address, "not-the-password", host).await;
    assert_eq!(failure.kind, ConnectFailureKind::AuthenticationFailed, "{failure}");
    assert!(!failure.to_string().contains("not-the-password"));
    let failure = refused(&stage, address, "guest", "missing").await;
    assert_eq!(failure.kind, ConnectFailureKind::VirtualHostRefused, "{failure}");
    // Bound without listening: nobody else gets the port meanwhile.
    let kept = TcpSocket::new_v4().unwrap();
    kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = kept.local_addr().unwrap().to_string();
    let failure = refused(&stage, &nobody, "guest", host).await;
    assert_eq!(failure.kind, ConnectFailureKind::Unreachable, "{failure}");
    assert!(failure.to_string().contains(&nobody), "{failure}");
}

pub async fn a_peer_that_speaks_no_amqp_is_no_broker(stage: Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let peer = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await.unwrap();
        stream
    });
    let failure = refused(&stage, &address, "guest", "/").await;
    assert_eq!(failure.kind, ConnectFailureKind::Protocol, "{failure}");
    drop(peer.await);
}

/// It takes the connection and says nothing: five seconds, then it counts as unreachable.
pub async fn a_silent_peer_is_not_waited_for(stage: Stage) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let failure = refused(&stage, &listener.local_addr().unwrap().to_string(), "guest", "/").await;
    assert_eq!(failure.kind, ConnectFailureKind::Unreachable, "{failure}");
    assert!(failure.to_string().contains("handshake"), "{failure}");
}

pub async fn a_good_bye_is_said(stage: Stage) {
    let (connection, _events) = stage.open().await;
    within("the end", connection.close()).await;
    stage.operator.sent("connection.close", 1).await;
    assert!(connection.channel().await.is_err());
}

/// Dropped by its last user, while a channel is still held.
pub async fn a_connection_says_good_bye_when_it_is_dropped(stage: Stage) {
    let (connection, _events) = stage.open().await;
    let _channel = connection.channel().await.unwrap();
    drop(connection);
    stage.operator.sent("connection.close", 1).await;
}

/// What is queued when the good-bye is said goes out before it, acknowledgements included.
pub async fn nothing_queued_is_forgotten_at_a_good_bye(stage: Stage) {
    let (connection, publisher, channel) = stage.queue("kept").await;
    let texts: Vec<_> = (0..100).map(|number| number.to_string()).collect();
    let _outcomes = publish(&publisher, "kept", &texts);
    within("the end", connection.close()).await;
    drop((channel, publisher));
    let (connection, _events) = stage.open().await;
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "kept", 100, 0).await;
    let (mut messages, _running) = consume(&channel, "kept", 1).await;
    let acks = channel.acks();
    for received in take(&mut messages, 100).await {
        acks.ack(received.tag);
    }
    within("the end", connection.close()).await;
    let (connection, _events) = stage.open().await;
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "kept", 0, 0).await;
}

/// Heartbeats of a second are sent; those of none are agreed on as none.
pub async fn heartbeats_are_as_agreed(stage: Stage) {
    let node = stage.node();
    let open = |heartbeat| Connection::open(stage.kind, &node, "suite", heartbeat, Surroundings::default());
    let (_quiet, _events) = within("a login", open(0)).await.unwrap();
    let agreed = stage.operator.sent("connection.tune-ok", 1).await;
    assert_eq!(agreed[0]["heartbeat"], 0);
    let (_beating, mut events) = within("a login", open(4)).await.unwrap();
    let agreed = stage.operator.sent("connection.tune-ok", 2).await;
    assert_eq!(agreed[1]["heartbeat"], 4);
    stage.operator.sent("heartbeat", 3).await;
    assert!(events.try_recv().is_err());
}
