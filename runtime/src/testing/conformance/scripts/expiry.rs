//! Messages that the broker keeps for a limited time.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};
use std::time::Duration;

/// An expired message is dropped when it is at the head of its queue. Behind another it is still counted, and dropped
/// when its turn comes; it is never delivered.
///
/// # Errors
/// When it goes otherwise.
pub async fn expiry_at_the_head(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("expiry_at_the_head");
    let played = async {
        let (topic, witness) = (stage.topic("topic"), stage.topic("witness"));
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        for route in [&topic, &witness] {
            server.leave_queue(route).await?;
        }
        client.send(&topic, ["1"]).await?;
        client.publish(&topic, &Letter::new("2").expires(Duration::from_millis(50))).confirmed().await?;
        client.send(&topic, ["3"]).await?;
        // Published later and kept longer: when it has gone from the head of its queue, 2 has expired.
        client.publish(&witness, &Letter::new("w").expires(Duration::from_millis(100))).confirmed().await?;
        stage.until_ready(&client, &witness, 0).await?;
        stage.note("the witness has expired");
        stage.until_ready(&client, &topic, 3).await?;
        stage.note("3 wait");
        let mut a = server.listen("a", std::slice::from_ref(&topic), 1).await?;
        a.takes().await?.ack.ack();
        a.takes().await?.ack.ack();
        stage.until_ready(&client, &topic, 0).await?;
        a.has_nothing_more();
        Ok(())
    };
    let expected = ["the witness has expired", "3 wait", "a gets 1", "a gets 3", "a has nothing more"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// A message that expires at once still reaches a consumer that waits for one.
///
/// # Errors
/// When it goes otherwise.
pub async fn expiry_of_zero(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("expiry_of_zero");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 1).await?;
        client.publish(&topic, &Letter::new("1").expires(Duration::ZERO)).confirmed().await?;
        a.takes().await?.ack.ack();
        Ok(())
    };
    let played = played.await;
    stage.judge(&["a gets 1"], played).await
}
