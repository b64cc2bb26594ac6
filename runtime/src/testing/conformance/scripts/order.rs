//! The order of messages, and their content.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};

/// Messages to one route arrive in the order in which one thread published them, however many are under way.
///
/// # Errors
/// When it goes otherwise.
pub async fn publish_order(suite: &Suite) -> Result<History, Failure> {
    const COUNT: usize = 1000;
    let stage = suite.stage("publish_order");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 50).await?;
        client.send(&topic, (0..COUNT).map(|number| number.to_string())).await?;
        for number in 0..COUNT {
            let mut delivery = a.delivery().await?;
            let text = a.text(&mut delivery)?;
            if text != number.to_string() {
                return Err(stage.failure(format!("{number} must come next, but {text} came")));
            }
            delivery.ack.ack();
        }
        stage.note("a gets 1000 messages in order");
        Ok(())
    };
    let played = played.await;
    stage.judge(&["a gets 1000 messages in order"], played).await
}

/// A message given back stands where it stood before, before those that were never delivered, and is marked as
/// redelivered; one that was acknowledged or thrown away is gone.
///
/// # Errors
/// When it goes otherwise.
pub async fn requeue_order(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("requeue_order");
    let played = async {
        let topic = stage.topic("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let mut a = one.listen("a", std::slice::from_ref(&topic), 5).await?;
        client.send(&topic, ["1", "2", "3", "4", "5", "6", "7"]).await?;
        let mut held = Vec::new();
        for _ in 0..5 {
            held.push(a.takes().await?.ack);
        }
        a.cancel().await?;
        for (at, fate) in
            [(4, "throw away"), (3, "give back"), (2, "acknowledge"), (1, "give back"), (0, "give back")]
        {
            let ack = held.remove(at);
            stage.note(format!("{fate} {}", at + 1));
            match fate {
                "acknowledge" => {
                    ack.ack();
                }
                _ => ack.reject(fate == "give back"),
            }
        }
        stage.until_ready(&client, &topic, 5).await?;
        let mut b = two.listen("b", std::slice::from_ref(&topic), 0).await?;
        for _ in 0..5 {
            b.takes().await?.ack.ack();
        }
        stage.until_ready(&client, &topic, 0).await?;
        b.has_nothing_more();
        Ok(())
    };
    let expected = [
        "a gets 1",
        "a gets 2",
        "a gets 3",
        "a gets 4",
        "a gets 5",
        "throw away 5",
        "give back 4",
        "acknowledge 3",
        "give back 2",
        "give back 1",
        "b gets 1 again",
        "b gets 2 again",
        "b gets 4 again",
        "b gets 6",
        "b gets 7",
        "b has nothing more",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// A message given back by the only consumer comes back to it, before the next one.
///
/// # Errors
/// When it goes otherwise.
pub async fn requeue_to_oneself(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("requeue_to_oneself");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 1).await?;
        client.send(&topic, ["1", "2"]).await?;
        a.takes().await?.ack.reject(true);
        a.takes().await?.ack.reject(true);
        a.takes().await?.ack.reject(false);
        a.takes().await?.ack.ack();
        a.has_nothing_more();
        Ok(())
    };
    let expected = ["a gets 1", "a gets 1 again", "a gets 1 again", "a gets 2", "a has nothing more"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Bodies arrive byte for byte, from very small to 1 MiB, with the properties that peers look at.
///
/// # Errors
/// When it goes otherwise.
pub async fn content_intact(suite: &Suite) -> Result<History, Failure> {
    const SIZES: [usize; 4] = [0, 1, 200_000, 1 << 20];
    let stage = suite.stage("content_intact");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        let mut a = server.listen("a", std::slice::from_ref(&topic), 0).await?;
        for size in SIZES {
            let args = format!("{{\"filler\": \"{}\"}}", "x\u{e9}".repeat(size / 2));
            let id = crate::id::MessageId::random();
            let letter = Letter::new("text").args(&args);
            let (body, properties) = letter.encode(client.driver.format(), id);
            client.publish_as(&topic, &letter, id).confirmed().await?;
            let delivery = a.delivery().await?;
            let same = delivery.body == body
                && delivery.properties.content_type == properties.content_type
                && delivery.properties.content_encoding == properties.content_encoding
                && delivery.properties.compression == properties.compression
                && delivery.properties.persistent == properties.persistent;
            let word = if same { "unchanged" } else { "CHANGED" };
            stage.note(format!("a message with {size} characters arrives {word}"));
            delivery.ack.ack();
        }
        Ok(())
    };
    let expected = [
        "a message with 0 characters arrives unchanged",
        "a message with 1 characters arrives unchanged",
        "a message with 200000 characters arrives unchanged",
        "a message with 1048576 characters arrives unchanged",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
