//! Good-byes: ours, the broker's, both at once, and those that cannot be said.

use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::{Outcome, Scope};
use crate::transport::Acknowledge;
use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::AMQPClass::{Basic, Connection};
use amq_protocol::protocol::{basic, connection};

#[tokio::test]
async fn what_was_acknowledged_and_published_before_the_good_bye_is_written_before_it() {
    let (connection, _events, mut peer) = connected();
    let (confirms, _) = peer.confirms(&connection).await;
    let (channel, id) = peer.channel(&connection).await;
    let (mut taken, _ended) = peer.consume(&channel, 1).await;
    peer.deliver(id, 1, 1, b"one").await;
    let received = soon("a delivery", taken.recv()).await.unwrap();
    // Nothing runs in between: all of it is queued when the connection writes next.
    confirms.publish(message("last"), outcome().0);
    acks(&channel).ack(received.tag);
    drop(connection);
    peer.publish().await;
    assert_eq!(peer.hear().await, (id, ack(1, false)));
    let (_, close) = peer.hear().await;
    assert!(matches!(close, Connection(connection::AMQPMethod::Close(_))), "{close:?}");
    peer.say(0, connection_close_ok()).await;
    assert_eq!(peer.frame().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_good_bye_has_a_limit_even_where_the_socket_takes_nothing() {
    let (connection, mut events, mut peer) = connected_over(4096, 0);
    let (confirms, _) = peer.confirms(&connection).await;
    let (on_outcome, outcome) = outcome();
    confirms.publish(message(&"x".repeat(100_000)), on_outcome);
    tokio::task::yield_now().await;
    soon("the end", connection.close()).await;
    assert!(matches!(soon("the outcome", outcome).await, Ok(Outcome::Lost { .. })));
    assert!(lost(&mut events).await.text.contains("good-bye"));
}

#[tokio::test(start_paused = true)]
async fn a_good_bye_that_is_not_answered_has_a_limit() {
    let (connection, mut events, mut peer) = connected();
    let (channel, _) = peer.channel(&connection).await;
    soon("the end", connection.close()).await;
    assert!(lost(&mut events).await.text.contains("good-bye"));
    assert_eq!(channel.declare_queue(&queue()).await.unwrap_err().scope, Scope::Connection);
}

#[tokio::test]
async fn a_closing_connection_is_no_channels_fault() {
    let (connection, _events, mut peer) = connected();
    let (channel, _) = peer.channel(&connection).await;
    let closing = tokio::spawn(async move { connection.close().await });
    let (_, close) = peer.hear().await;
    assert!(matches!(close, Connection(connection::AMQPMethod::Close(_))), "{close:?}");
    assert_eq!(channel.declare_queue(&queue()).await.unwrap_err().scope, Scope::Connection);
    peer.say(0, connection_close_ok()).await;
    soon("the end", closing).await.unwrap();
}

#[tokio::test]
async fn the_brokers_reason_is_told_and_its_good_bye_answered_last() {
    let (connection, mut events, mut peer) = connected();
    let (confirms, _) = peer.confirms(&connection).await;
    let (on_outcome, pending) = outcome();
    confirms.publish(message("one"), on_outcome);
    peer.publish().await;
    peer.say(0, connection_close(320, "CONNECTION_FORCED - closed by the test")).await;
    assert_eq!(peer.hear().await, (0, connection_close_ok()));
    assert_eq!(peer.frame().await, None);
    let told = lost(&mut events).await;
    assert_eq!((told.code, told.scope), (Some(320), Scope::Connection));
    assert_eq!(soon("the outcome", pending).await, Ok(Outcome::Lost { number: 1, error: told.clone() }));
    let (on_outcome, late) = outcome();
    confirms.publish(message("two"), on_outcome);
    assert_eq!(soon("the outcome", late).await, Ok(Outcome::TooLate(told)));
}

/// After its good-bye the broker throws away everything but the answer.
#[tokio::test]
async fn what_is_queued_when_the_broker_says_good_bye_is_not_written_any_more() {
    let (connection, mut events, mut peer) = connected_over(4096, 0);
    let (confirms, _) = peer.confirms(&connection).await;
    let (on_outcome, first) = outcome();
    confirms.publish(message(&"x".repeat(20_000)), on_outcome);
    tokio::task::yield_now().await;
    let (on_outcome, second) = outcome();
    confirms.publish(message("behind it"), on_outcome);
    peer.say(0, connection_close(320, "CONNECTION_FORCED - closed by the test")).await;
    tokio::task::yield_now().await;
    // The first message is on its way and has to be whole.
    peer.publish().await;
    assert_eq!(peer.hear().await, (0, connection_close_ok()));
    assert_eq!(lost(&mut events).await.code, Some(320));
    for outcome in [first, second] {
        assert!(
            matches!(soon("the outcome", outcome).await, Ok(Outcome::Lost { error, .. }) if error.code == Some(320))
        );
    }
}

/// The broker's good-bye counts from when it is read, though the connection has more to write before it ends.
#[tokio::test]
async fn what_is_published_behind_the_brokers_good_bye_is_too_late() {
    let (connection, mut events, mut peer) = connected_over(4096, 0);
    let (confirms, _) = peer.confirms(&connection).await;
    confirms.publish(message(&"x".repeat(20_000)), outcome().0);
    tokio::task::yield_now().await;
    peer.say(0, connection_close(320, "CONNECTION_FORCED - closed by the test")).await;
    tokio::task::yield_now().await;
    let (on_outcome, late) = outcome();
    confirms.publish(message("late"), on_outcome);
    assert!(matches!(soon("the outcome", late).await, Ok(Outcome::TooLate(_))));
    assert!(events.try_recv().is_err(), "the connection has not ended yet");
    peer.publish().await;
    assert_eq!(peer.hear().await, (0, connection_close_ok()));
}

/// The words of a broker that closes the socket behind them count, whatever becomes of our answer.
#[tokio::test]
async fn the_brokers_last_words_are_read_where_nothing_can_be_written_any_more() {
    let (connection, mut events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let (on_outcome, confirmed) = outcome();
    confirms.publish(message("one"), on_outcome);
    peer.publish().await;
    peer.say(id, ack(1, false)).await;
    peer.say(0, connection_close(320, "CONNECTION_FORCED - closed by the test")).await;
    drop(peer);
    // Woken by this, the connection writes before it reads.
    confirms.publish(message("two"), outcome().0);
    assert_eq!(soon("the outcome", confirmed).await, Ok(Outcome::Confirmed));
    assert_eq!(lost(&mut events).await.code, Some(320));
    drop(connection);
}

#[tokio::test]
async fn both_sides_may_say_good_bye_at_once() {
    let (connection, mut events, mut peer) = connected();
    let closing = tokio::spawn(async move { connection.close().await });
    let (_, close) = peer.hear().await;
    assert!(matches!(close, Connection(connection::AMQPMethod::Close(_))), "{close:?}");
    peer.say(0, connection_close(320, "CONNECTION_FORCED - at once")).await;
    assert_eq!(peer.hear().await, (0, connection_close_ok()));
    soon("the end", closing).await.unwrap();
    assert_eq!(lost(&mut events).await.code, Some(320));
}

#[tokio::test]
async fn an_end_within_a_frame_is_a_loss() {
    let (connection, mut events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let (on_outcome, pending) = outcome();
    confirms.publish(message("one"), on_outcome);
    peer.publish().await;
    let frame = bytes(&AMQPFrame::Method(id, ack(1, false)));
    peer.send_bytes(&frame[..frame.len() - 1]).await;
    drop(peer);
    assert!(matches!(soon("the outcome", pending).await, Ok(Outcome::Lost { .. })));
    assert!(lost(&mut events).await.text.contains("without a word"));
    drop(connection);
}

#[tokio::test(start_paused = true)]
async fn heartbeats_are_sent_and_missed_ones_noticed() {
    let (_connection, mut events, mut peer) = connected_over(ROOM, 1);
    let begun = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(peer.frame().await, Some(AMQPFrame::Heartbeat));
    }
    peer.send(&[AMQPFrame::Heartbeat]).await;
    let heard = tokio::time::Instant::now();
    assert!(lost(&mut events).await.text.contains("missed heartbeats"));
    // Virtual time: exact.
    assert!(heard.duration_since(begun).as_millis() <= 2_000);
    assert!((2_000..=2_500).contains(&heard.elapsed().as_millis()), "{:?}", heard.elapsed());
}

#[test]
fn a_runtime_that_goes_takes_the_connection_along_and_tells_everybody() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (connection, mut events, confirms, channel, pending, ended) = runtime.block_on(async {
        let (connection, events, mut peer) = connected();
        let (confirms, _) = peer.confirms(&connection).await;
        let (channel, _) = peer.channel(&connection).await;
        let (_, ended) = peer.consume(&channel, 1).await;
        let (on_outcome, pending) = outcome();
        confirms.publish(message("one"), on_outcome);
        peer.publish().await;
        // It stays open as long as the runtime.
        tokio::spawn(async move { peer.frame().await });
        (connection, events, confirms, channel, pending, ended)
    });
    drop(runtime);
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(async {
        assert!(matches!(soon("the outcome", pending).await, Ok(Outcome::Lost { .. })));
        assert!(soon("the consumer's end", ended).await.is_some());
        lost(&mut events).await;
        let (on_outcome, late) = outcome();
        confirms.publish(message("two"), on_outcome);
        assert!(matches!(soon("the outcome", late).await, Ok(Outcome::TooLate(_))));
        acks(&channel).ack(1);
        soon("the channel's end", channel.close()).await;
        soon("the connection's end", connection.close()).await;
        assert!(soon("no channel", connection.channel()).await.is_err());
    });
}

#[tokio::test]
async fn a_broker_that_asks_for_a_pause_gets_its_answer() {
    let (connection, _events, mut peer) = connected();
    let (_channel, id) = peer.channel(&connection).await;
    use amq_protocol::protocol::{AMQPClass::Channel, channel};
    peer.say(id, Channel(channel::AMQPMethod::Flow(channel::Flow { active: false }))).await;
    let ok = Channel(channel::AMQPMethod::FlowOk(channel::FlowOk { active: false }));
    assert_eq!(peer.hear().await, (id, ok));
    let cancel = basic::Cancel { consumer_tag: "of nobody".into(), nowait: false };
    peer.say(id, Basic(basic::AMQPMethod::Cancel(cancel))).await;
    let ok = basic::CancelOk { consumer_tag: "of nobody".into() };
    assert_eq!(peer.hear().await, (id, Basic(basic::AMQPMethod::CancelOk(ok))));
}

fn queue() -> crate::drivers::rabbit::amqp::QueueSpec {
    crate::drivers::rabbit::amqp::QueueSpec {
        name: "queue".to_owned(),
        durable: false,
        auto_delete: false,
        expires: None,
    }
}
