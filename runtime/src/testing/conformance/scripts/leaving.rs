//! What stays behind when a consumer goes: unacknowledged messages, queues, acknowledgements still to come.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};

/// What a closed consumer has not acknowledged goes back to its place and to the others.
///
/// # Errors
/// When it goes otherwise.
pub async fn unacknowledged_at_close(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("unacknowledged_at_close");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 3).await?;
        client.send(&topic, ["1", "2", "3", "4"]).await?;
        let _first = a.takes().await?;
        let second = a.takes().await?;
        let _third = a.takes().await?;
        a.cancel().await?;
        second.ack.ack();
        a.close().await?;
        stage.until_ready(&client, &topic, 3).await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 0).await?;
        for _ in 0..3 {
            b.takes().await?.ack.ack();
        }
        a.has_nothing_more();
        Ok(())
    };
    let expected = [
        "a gets 1",
        "a gets 2",
        "a gets 3",
        "b gets 1 again",
        "b gets 3 again",
        "b gets 4",
        "a has nothing more",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// The same when a consumer is dropped without being closed.
///
/// # Errors
/// When it goes otherwise.
pub async fn unacknowledged_at_drop(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("unacknowledged_at_drop");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["1", "2"]).await?;
        let _first = a.takes().await?;
        let _second = a.takes().await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 1).await?;
        a.vanish();
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = ["a gets 1", "a gets 2", "b gets 1 again", "b gets 2 again"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// The same when the whole transport of a server is closed.
///
/// # Errors
/// When it goes otherwise.
pub async fn unacknowledged_at_driver_close(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("unacknowledged_at_driver_close");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["1", "2"]).await?;
        let _first = a.takes().await?;
        let _second = a.takes().await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 1).await?;
        stage.wait("a driver to close", one.driver.close(stage.limit())).await?;
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = ["a gets 1", "a gets 2", "b gets 1 again", "b gets 2 again"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// A topic's queue outlives its servers: what comes meanwhile waits for the next one.
///
/// # Errors
/// When it goes otherwise.
pub async fn queue_outlives_its_server(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("queue_outlives_its_server");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["1"]).await?;
        a.takes().await?.ack.ack();
        a.close().await?;
        stage.wait("a driver to close", one.driver.close(stage.limit())).await?;
        client.publish(&topic, &Letter::new("2").mandatory()).confirmed().await?;
        client.publish(&topic, &Letter::new("3").mandatory()).confirmed().await?;
        stage.until_ready(&client, &topic, 2).await?;
        stage.note("2 wait");
        let mut b = two.listen("b", std::slice::from_ref(&topic), 0).await?;
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = ["a gets 1", "2 wait", "b gets 2", "b gets 3"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// After a cancel no delivery comes, and what was delivered before can still be acknowledged.
///
/// # Errors
/// When it goes otherwise.
pub async fn acknowledge_after_cancel(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("acknowledge_after_cancel");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["1", "2"]).await?;
        let first = a.takes().await?;
        let second = a.takes().await?;
        a.cancel().await?;
        client.send(&topic, ["3"]).await?;
        stage.until_ready(&client, &topic, 1).await?;
        a.has_nothing_more();
        first.ack.ack();
        second.ack.reject(true);
        stage.until_ready(&client, &topic, 2).await?;
        a.close().await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 0).await?;
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        b.has_nothing_more();
        Ok(())
    };
    let expected =
        ["a gets 1", "a gets 2", "a has nothing more", "b gets 2 again", "b gets 3", "b has nothing more"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Closing one of two consumers of a process leaves the other alone.
///
/// # Errors
/// When it goes otherwise.
pub async fn one_of_two_closes(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("one_of_two_closes");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 1).await?;
        let mut b = server.listen("b", std::slice::from_ref(&topic), 1).await?;
        client.send(&topic, ["1", "2", "3"]).await?;
        let _first = a.takes().await?;
        let second = b.takes().await?;
        a.close().await?;
        stage.until_ready(&client, &topic, 2).await?;
        second.ack.ack();
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = ["a gets 1", "b gets 2", "b gets 1 again", "b gets 3"];
    let played = played.await;
    stage.judge(&expected, played).await
}
