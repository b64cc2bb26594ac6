//! Several consumers on one queue, and one consumer on several.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};

/// Consumers that have room get one message each in turn; who has no room is passed over, and takes his place behind
/// the others when he has room again.
///
/// # Errors
/// When it goes otherwise.
pub async fn round_robin(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("round_robin");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 1).await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 1).await?;
        client.send(&topic, ["1", "2", "3", "4", "5", "6"]).await?;
        let first = a.takes().await?;
        let second = b.takes().await?;
        stage.until_ready(&client, &topic, 4).await?;
        stage.note("4 wait");
        second.ack.ack();
        let third = b.takes().await?;
        first.ack.ack();
        let fourth = a.takes().await?;
        fourth.ack.ack();
        let fifth = a.takes().await?;
        third.ack.ack();
        let sixth = b.takes().await?;
        fifth.ack.ack();
        sixth.ack.ack();
        a.has_nothing_more();
        b.has_nothing_more();
        Ok(())
    };
    let expected = [
        "a gets 1",
        "b gets 2",
        "4 wait",
        "b gets 3",
        "a gets 4",
        "a gets 5",
        "b gets 6",
        "a has nothing more",
        "b has nothing more",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Without a prefetch limit consumers still take turns, message by message.
///
/// # Errors
/// When it goes otherwise.
pub async fn unlimited_prefetch(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("unlimited_prefetch");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 0).await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["1", "2", "3", "4", "5", "6"]).await?;
        for _ in 0..3 {
            a.takes().await?.ack.ack();
            b.takes().await?.ack.ack();
        }
        Ok(())
    };
    let expected = ["a gets 1", "b gets 2", "a gets 3", "b gets 4", "a gets 5", "b gets 6"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Queues are named by their topic alone: servers of one topic on two exchanges share the queue, and with it the
/// requests to either exchange.
///
/// # Errors
/// When it goes otherwise.
pub async fn two_exchanges_share_a_queue(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("two_exchanges_share_a_queue");
    let played = async {
        let (x, y) = (stage.topic_on("x", "topic"), stage.topic_on("y", "topic"));
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&x), 0).await?;
        let mut b = two.listen("b", std::slice::from_ref(&y), 0).await?;
        client.send(&x, ["1 to x", "2 to x"]).await?;
        client.send(&y, ["3 to y", "4 to y"]).await?;
        for _ in 0..2 {
            a.takes().await?.ack.ack();
            b.takes().await?.ack.ack();
        }
        Ok(())
    };
    let expected = ["a gets 1 to x", "b gets 2 to x", "a gets 3 to y", "b gets 4 to y"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// A subscription to topic, server and fanout says by which of them each delivery came; requests to one server reach no
/// other.
///
/// # Errors
/// When it goes otherwise.
pub async fn routes_of_a_server(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("routes_of_a_server");
    let played = async {
        let (topic, fanout) = (stage.topic("topic"), stage.fanout("topic"));
        let (host_1, host_2) = (stage.server("topic", "host-1"), stage.server("topic", "host-2"));
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", &[topic.clone(), host_1.clone(), fanout.clone()], 0).await?;
        let mut b = two.listen("b", &[topic.clone(), host_2.clone(), fanout.clone()], 0).await?;
        for (route, text) in
            [(&host_2, "for host-2"), (&host_1, "for host-1"), (&topic, "for one"), (&topic, "for another")]
        {
            client.publish(route, &Letter::new(text).mandatory()).confirmed().await?;
        }
        client.send(&fanout, ["for all"]).await?;
        for listener in [&mut a, &mut b] {
            for delivery in listener.takes_by_route(3).await? {
                delivery.ack.ack();
            }
        }
        Ok(())
    };
    let expected = [
        "a gets for one on route 0",
        "a gets for host-1 on route 1",
        "a gets for all on route 2",
        "b gets for another on route 0",
        "b gets for host-2 on route 1",
        "b gets for all on route 2",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
