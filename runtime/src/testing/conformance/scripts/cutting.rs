//! Connections that are lost and come back.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::{PublishError, Route};

/// A server that loses its connection is told so and comes back by itself. What it held is delivered again, to it or to
/// others; its old acknowledgements mean nothing and say so.
///
/// # Errors
/// When it goes otherwise.
pub async fn cut_server(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("cut_server");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server, other) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 2).await?;
        client.send(&topic, ["1", "2", "3"]).await?;
        let first = a.takes().await?;
        let second = a.takes().await?;
        server.cut().await?;
        a.is_interrupted().await?;
        let _first_again = a.takes().await?;
        let second_again = a.takes().await?;
        if first.ack.ack() {
            return Err(stage.failure("the acknowledgement of a lost delivery must say that it is in vain"));
        }
        second.ack.reject(false);
        a.cancel().await?;
        if !second_again.ack.ack() {
            return Err(stage.failure("an acknowledgement after a cancel is none in vain"));
        }
        a.close().await?;
        stage.until_ready(&client, &topic, 2).await?;
        a.has_nothing_more();
        let mut b = other.listen("b", std::slice::from_ref(&topic), 0).await?;
        b.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = [
        "a gets 1",
        "a gets 2",
        "a is interrupted",
        "a gets 1 again",
        "a gets 2 again",
        "a has nothing more",
        "b gets 1 again",
        "b gets 3",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// A fanout that is published while a listener has no connection waits for it.
///
/// # Errors
/// When it goes otherwise.
pub async fn cut_fanout_listener(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("cut_fanout_listener");
    let played = async {
        let fanout = stage.fanout("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&fanout), 0).await?;
        server.cut().await?;
        client.send(&fanout, ["1"]).await?;
        a.is_interrupted().await?;
        a.takes_at_last().await?.ack.ack();
        Ok(())
    };
    let played = played.await;
    stage.judge(&["a is interrupted", "a gets 1"], played).await
}

/// A publish that finds no connection waits for one. What is under way when the connection is lost is settled
/// truthfully: what is confirmed arrives.
///
/// # Errors
/// When it goes otherwise.
pub async fn cut_publisher(suite: &Suite) -> Result<History, Failure> {
    const COUNT: usize = 200;
    let stage = suite.stage("cut_publisher");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 0).await?;
        client.send(&topic, ["first"]).await?;
        a.takes().await?.ack.ack();
        let pending: Vec<_> = (0..COUNT)
            .map(|number| client.publish(&topic, &Letter::new(&number.to_string()).mandatory()))
            .collect();
        client.cut().await?;
        let mut confirmed = Vec::new();
        for (number, publish) in pending.into_iter().enumerate() {
            match publish.outcome().await? {
                Ok(_) => confirmed.push(number.to_string()),
                Err(PublishError::Unconfirmed { .. } | PublishError::Lost { .. }) => {}
                Err(other) => return Err(stage.failure(format!("publish {number} ended as {other:?}"))),
            }
        }
        // All may have been confirmed before the cut. A driver that has not noticed it may lose this one too, and says so.
        while let Err(error) = client.publish(&topic, &Letter::new("last").mandatory()).outcome().await? {
            if !matches!(error, PublishError::Unconfirmed { .. } | PublishError::Lost { .. }) {
                return Err(stage.failure(format!("the publish after the cut ended as {error:?}")));
            }
        }
        loop {
            let mut delivery = a.delivery().await?;
            let text = a.text(&mut delivery)?;
            delivery.ack.ack();
            confirmed.retain(|number| *number != text);
            if text == "last" {
                break;
            }
        }
        stage.note(format!("{} confirmed messages are missing", confirmed.len()));
        Ok(())
    };
    let played = played.await;
    stage.judge(&["a gets first", "0 confirmed messages are missing"], played).await
}

/// A reply that is sent while the caller has no connection reaches it afterwards, at the address that the call named.
///
/// # Errors
/// When it goes otherwise.
pub async fn cut_caller(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("cut_caller");
    let played = async {
        let (server, client) = (stage.peer().await?, stage.peer().await?);
        let (address, mut a) = client.take_replies("a").await?;
        let route = Route::Reply { address: address.0.clone() };
        client.cut().await?;
        server.publish(&route, &Letter::reply("1").mandatory()).confirmed().await?;
        a.takes_at_last().await?.ack.ack();
        let fresh = client.reply_address().await?;
        let route = Route::Reply { address: fresh.0.clone() };
        server.publish(&route, &Letter::reply("2").mandatory()).confirmed().await?;
        a.takes_at_last().await?.ack.ack();
        Ok(())
    };
    let played = played.await;
    stage.judge(&["a gets 1", "a gets 2"], played).await
}
