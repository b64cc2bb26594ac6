//! Channels that end in every order, and their numbers.

use super::super::core::Core;
use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::{Outcome, QueueSpec, Scope};
use amq_protocol::protocol::{AMQPClass, queue};
use std::sync::Arc;
use tokio::sync::mpsc;

fn queue(name: &str) -> QueueSpec {
    QueueSpec { name: name.to_owned(), durable: false, auto_delete: false, expires: None }
}

fn declare_ok() -> AMQPClass {
    let ok = queue::DeclareOk { queue: "queue".into(), message_count: 0, consumer_count: 0 };
    AMQPClass::Queue(queue::AMQPMethod::DeclareOk(ok))
}

#[tokio::test]
async fn both_sides_may_close_a_channel_at_once() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let closing = tokio::spawn(async move { channel.close().await });
    assert_eq!(peer.hear().await, (id, channel_close(200, "OK")));
    peer.say(id, channel_close(406, "PRECONDITION_FAILED")).await;
    assert_eq!(peer.hear().await, (id, channel_close_ok()));
    // Its number is not free before our own close is answered.
    let (_other, other_id) = peer.channel(&connection).await;
    assert_ne!(other_id, id);
    peer.say(id, channel_close_ok()).await;
    soon("the end", closing).await.unwrap();
    let (_third, third_id) = peer.channel(&connection).await;
    assert_eq!(third_id, id);
}

#[tokio::test]
async fn a_late_answer_to_a_close_keeps_the_number_taken_and_what_comes_until_then_is_for_nobody() {
    let (connection, mut events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, _ended) = peer.consume(&channel, 1).await;
    drop(channel);
    assert_eq!(peer.hear().await, (id, channel_close(200, "OK")));
    peer.deliver(id, 1, 1, b"too late").await;
    let (_other, other_id) = peer.channel(&connection).await;
    assert_ne!(other_id, id);
    peer.say(id, channel_close_ok()).await;
    assert!(soon("no delivery", taken.recv()).await.is_none());
    let (_third, third_id) = peer.channel(&connection).await;
    assert_eq!(third_id, id);
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn what_the_broker_closes_is_told_to_all_who_wait_and_to_no_other_channel() {
    let (connection, mut events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let (other, other_id) = peer.channel(&connection).await;
    let (on_outcome, pending) = outcome();
    confirms.publish(message("one"), on_outcome);
    peer.publish().await;
    peer.say(id, channel_close(404, "NOT_FOUND - no exchange")).await;
    assert_eq!(peer.hear().await, (id, channel_close_ok()));
    let Ok(Outcome::Lost { error, .. }) = soon("the outcome", pending).await else { panic!("no loss") };
    assert_eq!((error.code, error.scope), (Some(404), Scope::Channel));
    assert!(!confirms.is_open());
    let (on_outcome, late) = outcome();
    confirms.publish(message("two"), on_outcome);
    assert_eq!(soon("the outcome", late).await, Ok(Outcome::TooLate(error)));
    let spec = queue("queue");
    let (declared, ()) = tokio::join!(other.declare_queue(&spec), async {
        assert_eq!(peer.hear().await.0, other_id);
        peer.say(other_id, declare_ok()).await;
    });
    declared.unwrap();
    assert!(events.try_recv().is_err());
}

/// The new channel of an old number knows nothing of the old one's deliveries.
#[tokio::test]
async fn an_acknowledgement_of_a_channel_that_is_gone_is_none_of_its_successor() {
    use crate::transport::Acknowledge;
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, _ended) = peer.consume(&channel, 1).await;
    peer.deliver(id, 1, 1, b"one").await;
    soon("a delivery", taken.recv()).await.unwrap();
    peer.say(id, channel_close(406, "PRECONDITION_FAILED")).await;
    assert_eq!(peer.hear().await, (id, channel_close_ok()));
    let (next, next_id) = peer.channel(&connection).await;
    assert_eq!(next_id, id);
    let (mut taken, _ended) = peer.consume(&next, 1).await;
    peer.deliver(id, 1, 1, b"one again").await;
    soon("a delivery", taken.recv()).await.unwrap();
    acks(&channel).ack(1);
    acks(&channel).reject(1, true);
    let acks = acks(&next);
    acks.ack(1);
    assert_eq!(peer.hear().await, (id, ack(1, false)));
}

/// Where a broker sets no limit, the last number is 65,535.
#[test]
fn every_number_can_be_in_use() {
    let core = Arc::new(Core::new(FRAME_MAX, u16::MAX, mpsc::unbounded_channel().0, Arc::default(), None));
    let lives: Vec<_> = (1..=u16::MAX).map(|id| core.lock().insert_channel(id)).collect();
    let Err(error) = core.open_channel() else { panic!("one more than there are numbers") };
    assert!(error.text.contains("65535"), "{error}");
    drop(lives);
}

#[tokio::test]
async fn a_connection_has_no_more_channels_than_agreed() {
    let (connection, _events, mut peer) = connected();
    let mut channels = Vec::new();
    for number in 1..=100 {
        let (channel, id) = peer.channel(&connection).await;
        assert_eq!(id, number);
        channels.push(channel);
    }
    let Err(error) = connection.channel().await else { panic!("one more than agreed") };
    assert_eq!(error.scope, Scope::Channel);
    drop(channels.swap_remove(41));
    assert_eq!(peer.hear().await, (42, channel_close(200, "OK")));
    assert!(connection.channel().await.is_err(), "not before the broker has answered");
    peer.say(42, channel_close_ok()).await;
    // The answer is read before the next method is written.
    let found = soon("a free number", async {
        loop {
            match tokio::time::timeout(std::time::Duration::ZERO, connection.channel()).await {
                Ok(Err(_)) => tokio::task::yield_now().await,
                _ => break peer.hear().await.0,
            }
        }
    });
    assert_eq!(found.await, 42);
}
