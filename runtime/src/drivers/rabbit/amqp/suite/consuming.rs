//! Consumers, acknowledgements, and what goes back to the queue.

use super::stage::{Stage, confirms, consume, fill, inspected, lost, queue, take, within};

pub async fn messages_come_in_order(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("order").await;
    let sent = fill(&confirms, "order", 300).await;
    let (mut messages, _running) = consume(&channel, "order", 1).await;
    let received = take(&mut messages, 300).await;
    assert!(received.iter().map(|received| received.tag).eq(1..=300));
    assert!(received.iter().map(|received| &received.body).eq(&sent));
    assert!(received.iter().all(|received| !received.redelivered));
}

pub async fn no_more_come_than_the_prefetch_allows(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("bounded").await;
    fill(&confirms, "bounded", 20).await;
    channel.prefetch(5).await.unwrap();
    let (mut messages, _running) = consume(&channel, "bounded", 1).await;
    let received = take(&mut messages, 5).await;
    inspected(&channel, "bounded", 15, 1).await;
    assert!(messages.try_recv().is_err());
    let acks = channel.acks();
    acks.ack(received[2].tag);
    acks.ack(received[1].tag);
    take(&mut messages, 2).await;
    inspected(&channel, "bounded", 13, 1).await;
    assert!(messages.try_recv().is_err());
}

/// Acknowledged in any order, as many at a time as may be: each counts, and no other does.
pub async fn exactly_what_is_acknowledged_is_gone(stage: Stage) {
    let (connection, confirms, channel) = stage.queue("acked").await;
    let sent = fill(&confirms, "acked", 400).await;
    let (mut messages, _running) = consume(&channel, "acked", 1).await;
    let received = take(&mut messages, 400).await;
    let acks = channel.acks();
    // The last hundred stay, and every third.
    let (kept, mut gone): (Vec<_>, Vec<_>) = (0..400).partition(|at| *at >= 300 || at % 3 == 0);
    gone.sort_by_key(|at| (at * 7_919) % 400);
    for (count, at) in gone.iter().enumerate() {
        acks.ack(received[*at].tag);
        if count % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    within("the end", connection.close()).await;
    let (connection, _events) = stage.open().await;
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "acked", u32::try_from(kept.len()).unwrap(), 0).await;
    let (mut messages, _running) = consume(&channel, "acked", 1).await;
    let again = take(&mut messages, kept.len()).await;
    assert!(again.iter().all(|received| received.redelivered));
    let bodies = |at: &usize| &sent[*at];
    assert!(again.iter().map(|received| &received.body).eq(kept.iter().map(bodies)));
    let acks = channel.acks();
    assert!(again.iter().rev().all(|received| acks.ack(received.tag)));
    within("the end", connection.close()).await;
    let (connection, _events) = stage.open().await;
    inspected(&connection.channel().await.unwrap(), "acked", 0, 0).await;
}

/// Whoever holds a delivery while its connection is lost is not let to believe that the broker will hear of it.
pub async fn an_acknowledgement_says_when_it_is_in_vain(stage: Stage) {
    let (connection, mut events) = stage.open().await;
    let (publisher, channel) = (confirms(&connection).await, connection.channel().await.unwrap());
    channel.declare_queue(&queue("held")).await.unwrap();
    fill(&publisher, "held", 3).await;
    let (mut messages, _running) = consume(&channel, "held", 1).await;
    let received = take(&mut messages, 3).await;
    let acks = channel.acks();
    assert!(acks.ack(received[0].tag));
    inspected(&connection.channel().await.unwrap(), "held", 0, 1).await;
    stage.operator.cut();
    lost(&mut events).await;
    assert!(!acks.ack(received[1].tag));
    let (connection, _events) = stage.open().await;
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "held", 2, 0).await;
    let (mut messages, _running) = consume(&channel, "held", 1).await;
    let received = take(&mut messages, 2).await;
    let acks = channel.acks();
    channel.close().await;
    assert!(!acks.ack(received[0].tag));
}

pub async fn what_is_rejected_comes_again_or_is_gone(stage: Stage) {
    let (connection, confirms, channel) = stage.queue("rejected").await;
    let sent = fill(&confirms, "rejected", 2).await;
    let (mut messages, _running) = consume(&channel, "rejected", 1).await;
    let received = take(&mut messages, 2).await;
    let acks = channel.acks();
    acks.reject(received[0].tag, false);
    acks.reject(received[1].tag, true);
    let again = take(&mut messages, 1).await.pop().unwrap();
    assert!(again.redelivered);
    assert_eq!(again.body, sent[1]);
    acks.ack(again.tag);
    // Behind the acknowledgement, on the same channel.
    within("the end", channel.close()).await;
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "rejected", 0, 0).await;
}

pub async fn nothing_comes_after_a_cancel(stage: Stage) {
    let (connection, confirms, channel) = stage.queue("cancelled").await;
    fill(&confirms, "cancelled", 3).await;
    let (mut messages, running) = consume(&channel, "cancelled", 1).await;
    let received = take(&mut messages, 3).await;
    within("the cancel", channel.cancel(1)).await.unwrap();
    assert_eq!(running.ended().await, None);
    fill(&confirms, "cancelled", 2).await;
    assert!(messages.recv().await.is_none());
    inspected(&channel, "cancelled", 2, 0).await;
    // What had come before is still its own.
    let acks = channel.acks();
    assert!(received.iter().all(|received| acks.ack(received.tag)));
    // The tag is free again.
    let (mut messages, _running) = consume(&channel, "cancelled", 1).await;
    take(&mut messages, 2).await;
    within("the end", channel.close()).await;
    inspected(&connection.channel().await.unwrap(), "cancelled", 2, 0).await;
}

pub async fn a_consumer_ends_with_its_queue(stage: Stage) {
    let (_connection, _confirms, channel) = stage.queue("deleted").await;
    let (mut messages, running) = consume(&channel, "deleted", 1).await;
    stage.operator.delete_queue("deleted").await;
    assert_eq!(running.ended().await, None);
    assert!(messages.recv().await.is_none());
    // The channel goes on.
    channel.declare_queue(&super::stage::queue("deleted")).await.unwrap();
}

pub async fn a_consumer_that_nobody_waits_for_is_none(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("dropped").await;
    let (mut messages, running) = consume(&channel, "dropped", 1).await;
    fill(&confirms, "dropped", 1).await;
    let received = take(&mut messages, 1).await.pop().unwrap();
    drop(running);
    inspected(&channel, "dropped", 0, 0).await;
    channel.acks().ack(received.tag);
    let (mut messages, _running) = consume(&channel, "dropped", 2).await;
    fill(&confirms, "dropped", 3).await;
    take(&mut messages, 3).await;
}

/// Several consumers on one channel: each has the limit that was set before it came, and what one leaves is no other's.
pub async fn consumers_of_a_channel_are_each_their_own(stage: Stage) {
    let (connection, confirms, channel) = stage.queue("one").await;
    channel.declare_queue(&queue("other")).await.unwrap();
    let sent = fill(&confirms, "one", 6).await;
    fill(&confirms, "other", 6).await;
    channel.prefetch(4).await.unwrap();
    let (mut ones, one) = consume(&channel, "one", 1).await;
    channel.prefetch(2).await.unwrap();
    let (mut others, _other) = consume(&channel, "other", 2).await;
    let (taken, others_taken) = (take(&mut ones, 4).await, take(&mut others, 2).await);
    inspected(&channel, "one", 2, 1).await;
    inspected(&channel, "other", 4, 1).await;
    let acks = channel.acks();
    assert!(acks.ack(taken[1].tag));
    take(&mut ones, 1).await;
    within("the cancel", channel.cancel(1)).await.unwrap();
    assert_eq!(one.ended().await, None);
    channel.give_back(1);
    inspected(&channel, "one", 5, 0).await;
    assert!(!acks.ack(taken[0].tag), "given back");
    // The other one goes on, and what it has taken is still its own.
    for received in others_taken {
        assert!(acks.ack(received.tag));
    }
    take(&mut others, 2).await;
    // The rest comes in its old order, and without what was acknowledged.
    channel.prefetch(0).await.unwrap();
    let (mut again, _again) = consume(&channel, "one", 3).await;
    let bodies: Vec<Vec<u8>> = take(&mut again, 5).await.into_iter().map(|received| received.body).collect();
    let left: Vec<Vec<u8>> = [0, 2, 3, 4, 5].map(|at: usize| sent[at].clone()).into();
    assert_eq!(bodies, left);
    within("the end", channel.close()).await;
    inspected(&connection.channel().await.unwrap(), "other", 4, 0).await;
}

pub async fn a_channel_gives_back_what_is_unacknowledged_when_it_closes(stage: Stage) {
    let (connection, confirms, first) = stage.queue("back").await;
    let sent = fill(&confirms, "back", 3).await;
    let (mut messages, running) = consume(&first, "back", 1).await;
    let received = take(&mut messages, 3).await;
    first.acks().ack(received[1].tag);
    within("the end", first.close()).await;
    assert_eq!(running.ended().await, None);
    let second = connection.channel().await.unwrap();
    let (mut messages, running) = consume(&second, "back", 1).await;
    let again = take(&mut messages, 2).await;
    assert!(again.iter().all(|received| received.redelivered));
    assert_eq!(again[0].body, sent[0]);
    assert_eq!(again[1].body, sent[2]);
    // Its last users let it go.
    let other = second.clone();
    drop(second);
    inspected(&other, "back", 0, 1).await;
    drop(other);
    drop(running);
    inspected(&connection.channel().await.unwrap(), "back", 2, 0).await;
}
