//! Consumers: their end, their successors, and what comes for nobody.

use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::native::{Channel, Connection};
use crate::transport::Acknowledge;
use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::AMQPClass::Basic;
use amq_protocol::protocol::basic;
use futures_util::FutureExt;

fn cancel(tag: u32, nowait: bool) -> amq_protocol::protocol::AMQPClass {
    Basic(basic::AMQPMethod::Cancel(basic::Cancel { consumer_tag: tag.to_string().into(), nowait }))
}

fn requeued(tag: u64) -> amq_protocol::protocol::AMQPClass {
    Basic(basic::AMQPMethod::Reject(basic::Reject { delivery_tag: tag, requeue: true }))
}

#[tokio::test]
async fn a_consumer_that_nobody_waits_for_is_cancelled_and_what_still_comes_is_given_back() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, ended) = peer.consume(&channel, 1).await;
    peer.deliver(id, 1, 1, b"one").await;
    soon("a delivery", taken.recv()).await.unwrap();
    drop(ended);
    assert!(soon("no delivery", taken.recv()).await.is_none());
    assert_eq!(peer.hear().await, (id, cancel(1, true)));
    peer.deliver(id, 1, 2, b"on its way").await;
    assert_eq!(peer.hear().await, (id, requeued(2)));
    // What it had taken is still its own.
    acks(&channel).ack(1);
    assert_eq!(peer.hear().await, (id, ack(1, false)));
}

#[tokio::test]
async fn a_call_to_consume_that_is_given_up_leaves_no_consumer() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let consuming = channel.consume("queue", 1, |_| {});
    let mut consuming = Box::pin(consuming);
    assert!(consuming.as_mut().now_or_never().is_none());
    peer.hear().await;
    drop(consuming);
    assert_eq!(peer.hear().await, (id, cancel(1, true)));
    peer.say(id, consume_ok(1)).await;
    let (mut taken, _ended) = peer.consume(&channel, 1).await;
    peer.deliver(id, 1, 1, b"one").await;
    soon("a delivery", taken.recv()).await.unwrap();
}

/// The first one's future is looked at only after a second has begun under the same tag.
#[tokio::test]
async fn the_end_of_a_consumer_is_not_that_of_the_next_with_its_tag() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (_, first) = peer.consume(&channel, 1).await;
    peer.say(id, cancel(1, true)).await;
    let (mut taken, mut second) = {
        let (taken, ended) = peer.consume(&channel, 1).await;
        (taken, Box::pin(ended))
    };
    assert_eq!(soon("the first one's end", first).await, None);
    peer.deliver(id, 1, 1, b"one").await;
    assert_eq!(soon("a delivery", taken.recv()).await.unwrap().body, b"one");
    assert!(second.as_mut().now_or_never().is_none());
    // Nothing was cancelled.
    acks(&channel).ack(1);
    assert_eq!(peer.hear().await, (id, ack(1, false)));
}

/// A consumer that panics ends; the message is still unacknowledged, the connection and its other consumers go on.
#[tokio::test]
async fn a_panic_of_one_consumer_costs_no_other() {
    let (connection, mut events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (other, other_id) = peer.channel(&connection).await;
    let (mut taken, _goes_on) = peer.consume(&other, 1).await;
    let consuming = channel.consume("queue", 1, |_| panic!("of the test"));
    let (ended, ()) = tokio::join!(consuming, async {
        peer.hear().await;
        peer.say(id, consume_ok(1)).await;
    });
    peer.deliver(id, 1, 1, b"one").await;
    let error = soon("the consumer's end", ended.unwrap()).await.unwrap();
    assert!(error.text.contains("panic"), "{error}");
    peer.deliver(other_id, 1, 1, b"two").await;
    assert_eq!(soon("a delivery", taken.recv()).await.unwrap().body, b"two");
    assert!(events.try_recv().is_err(), "the connection lives");
}

/// The handler of a message may end its own channel.
#[tokio::test]
async fn a_consumer_may_let_go_of_its_channel() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let mut held = Some(channel.clone());
    let consuming = channel.consume("queue", 1, move |received| {
        let channel = held.take().unwrap();
        acks(&channel).ack(received.tag);
    });
    let (ended, ()) = tokio::join!(consuming, async {
        peer.hear().await;
        peer.say(id, consume_ok(1)).await;
    });
    let ended = ended.unwrap();
    drop(channel);
    peer.deliver(id, 1, 1, b"one").await;
    assert_eq!(peer.hear().await, (id, ack(1, false)));
    assert_eq!(peer.hear().await, (id, channel_close(200, "OK")));
    peer.say(id, channel_close_ok()).await;
    assert_eq!(soon("the consumer's end", ended).await, None);
}

/// A delivery of which the header and a half of the body have come. The connection has read them when it gives the channel
/// that is returned.
async fn half_a_delivery(peer: &mut Peer, connection: &Connection, id: u16) -> Channel {
    peer.say(id, deliver(1, 1)).await;
    peer.send(&[header(id, 6), AMQPFrame::Body(id, b"hal".to_vec())]).await;
    peer.channel(connection).await.0
}

#[tokio::test]
async fn what_is_half_read_when_its_channel_closes_is_for_nobody() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, ended) = peer.consume(&channel, 1).await;
    let _other = half_a_delivery(&mut peer, &connection, id).await;
    let closing = tokio::spawn(async move { channel.close().await });
    assert_eq!(peer.hear().await, (id, channel_close(200, "OK")));
    peer.send(&[AMQPFrame::Body(id, b"ved".to_vec())]).await;
    peer.say(id, channel_close_ok()).await;
    soon("the channel's end", closing).await.unwrap();
    assert_eq!(soon("the consumer's end", ended).await, None);
    assert!(soon("no delivery", taken.recv()).await.is_none());
}

#[tokio::test]
async fn what_is_half_read_when_its_consumer_is_given_up_goes_back() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, ended) = peer.consume(&channel, 1).await;
    let _other = half_a_delivery(&mut peer, &connection, id).await;
    drop(ended);
    assert_eq!(peer.hear().await, (id, cancel(1, true)));
    // The next one with its tag is another one.
    let (mut others, _goes_on) = peer.consume(&channel, 1).await;
    peer.send(&[AMQPFrame::Body(id, b"ved".to_vec())]).await;
    assert_eq!(peer.hear().await, (id, requeued(1)));
    assert!(soon("no delivery", taken.recv()).await.is_none());
    assert!(others.try_recv().is_err());
}
