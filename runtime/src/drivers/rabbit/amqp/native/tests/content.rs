//! Frames that a broker must not send, and messages that somebody else has made up.

use super::peer::*;
use super::soon;
use crate::wire::Header;
use amq_protocol::frame::AMQPFrame;

/// Sends `frames` to a connection with a consumer on channel 1 and tells why it ended.
async fn refused(frames: &[AMQPFrame]) -> String {
    refused_bytes(&frames.iter().flat_map(bytes).collect::<Vec<_>>()).await
}

async fn refused_bytes(frames: &[u8]) -> String {
    let (connection, mut events, mut peer) = connected();
    let (channel, _) = peer.channel(&connection).await;
    let (_taken, ended) = peer.consume(&channel, 1).await;
    peer.send_bytes(frames).await;
    let error = lost(&mut events).await;
    assert_eq!(soon("the consumer's end", ended).await.as_ref(), Some(&error));
    error.text
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_the_connection_and_says_why() {
    let deliver = || AMQPFrame::Method(1, deliver(1, 1));
    let body = |length: usize| AMQPFrame::Body(1, vec![0; length]);
    for (frames, why) in [
        (vec![deliver(), deliver()], "within a message"),
        (vec![header(1, 3)], "content header"),
        (vec![deliver(), header(1, 3), header(1, 3)], "content header"),
        (vec![deliver(), body(3)], "a body"),
        (vec![body(3)], "a body"),
        (vec![deliver(), header(1, 3), body(4)], "longer body"),
        (vec![body(FRAME_MAX)], "type 3"),
        (vec![AMQPFrame::Method(0, ack(1, false)), AMQPFrame::Method(0, consume_ok(1))], "channel 0"),
    ] {
        let told = refused(&frames).await;
        assert!(told.contains(why), "{frames:?}: {told}");
    }
    let mut end = bytes(&AMQPFrame::Heartbeat);
    *end.last_mut().unwrap() = 0xCD;
    assert!(refused_bytes(&end).await.contains("octet 205"));
    assert!(refused_bytes(&[7, 0, 0, 0, 0, 0, 0, 0xCE]).await.contains("type 7"));
    assert!(refused_bytes(b"HTTP/1.1 400 Bad Request\r\n").await.contains("type 72"));
}

#[tokio::test]
async fn content_in_small_pieces_and_of_several_channels_at_once_comes_together() {
    let (connection, _events, mut peer) = connected();
    let (one, id) = peer.channel(&connection).await;
    let (two, other) = peer.channel(&connection).await;
    let (mut taken, _ended) = peer.consume(&one, 1).await;
    let (mut others, _ended) = peer.consume(&two, 1).await;
    let frames = [
        AMQPFrame::Method(id, deliver(1, 1)),
        AMQPFrame::Method(other, deliver(1, 1)),
        header(id, 5),
        AMQPFrame::Heartbeat,
        header(other, 0),
        AMQPFrame::Body(id, b"he".to_vec()),
        AMQPFrame::Body(id, Vec::new()),
        AMQPFrame::Body(id, b"llo".to_vec()),
    ];
    for byte in frames.iter().flat_map(bytes) {
        peer.send_bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(soon("a delivery", taken.recv()).await.unwrap().body, b"hello");
    assert_eq!(soon("a delivery", others.recv()).await.unwrap().body, b"");
}

/// A content header frame with this headers table, as no library of ours would write it.
fn with_table(table: &[u8]) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0b0010_0000, 0];
    payload.extend(u32::try_from(table.len()).unwrap().to_be_bytes());
    payload.extend(table);
    let mut frame = vec![2, 0, 1];
    frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload);
    frame.push(0xCE);
    frame
}

/// Anybody who may publish can send these: none of them may cost the connection, or the process.
#[tokio::test]
async fn headers_of_strangers_cost_nothing_but_themselves() {
    let mut nested = Vec::new();
    for _ in 0..700 {
        let mut outer = vec![b'A'];
        outer.extend(u32::try_from(nested.len()).unwrap().to_be_bytes());
        outer.extend(nested);
        nested = outer;
    }
    let mut deep = [&b"\x04deep"[..], &nested].concat();
    deep.extend(b"\x05after\x6c\0\0\0\0\0\0\0\x07");
    let strange = b"\x02\xff\xfeS\0\0\0\x01x\x05after\x6c\0\0\0\0\0\0\0\x07".to_vec();
    let every = [
        &b"\x01at\x01\x01bb\xff\x01cB\x01\x01ds\0\x01\x01eu\0\x01\x01fI\0\0\0\x01\x01gi\0\0\0\x01"[..],
        b"\x01hL\0\0\0\0\0\0\0\x01\x01if\0\0\0\0\x01jd\0\0\0\0\0\0\0\0\x01kD\x01\0\0\0\x01",
        b"\x01lT\0\0\0\0\0\0\0\x01\x01mF\0\0\0\0\x01nx\0\0\0\x01\xff\x01oV\x05after\x6c\0\0\0\0\0\0\0\x07",
    ]
    .concat();
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, _ended) = peer.consume(&channel, 1).await;
    for (tag, table) in (1..).zip([deep, strange, every]) {
        peer.say(id, deliver(1, tag)).await;
        peer.send_bytes(&with_table(&table)).await;
        let received = soon("a delivery", taken.recv()).await.unwrap();
        assert_eq!(received.properties.header("after"), Some(&Header::Integer(7)), "message {tag}");
    }
    // A type that nobody knows has no length: what comes behind it is lost, the message is not.
    peer.say(id, deliver(1, 4)).await;
    peer.send_bytes(&with_table(b"\x01al\0\0\0\0\0\0\0\x01\x01b?\0")).await;
    let received = soon("a delivery", taken.recv()).await.unwrap();
    assert_eq!(received.properties.header("a"), Some(&Header::Integer(1)));
}
