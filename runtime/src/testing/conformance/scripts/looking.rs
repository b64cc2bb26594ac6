//! Asking what a queue looks like.

use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::QueueState;

/// A queue can be asked about without being made: how many messages are ready and how many consumers it has.
///
/// # Errors
/// When it goes otherwise.
pub async fn inspect(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("inspect");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        // Asked before and after something is known to work, so that `None` cannot come from a missing connection.
        server.leave_queue(&stage.topic("other")).await?;
        client.send(&stage.topic("other"), ["0"]).await?;
        stage.until_ready(&client, &stage.topic("other"), 1).await?;
        for _ in 0..2 {
            let state = stage.wait("an answer", client.driver.inspect(&topic)).await?;
            stage.note(format!("before: {}", said(state)));
        }
        let mut a = server.listen("a", std::slice::from_ref(&topic), 1).await?;
        client.send(&topic, ["1", "2", "3"]).await?;
        let first = a.takes().await?;
        stage.until_ready(&client, &topic, 2).await?;
        let state = stage.wait("an answer", client.driver.inspect(&topic)).await?;
        stage.note(format!("while it is served: {}", said(state)));
        a.cancel().await?;
        first.ack.ack();
        a.close().await?;
        let state = stage.wait("an answer", client.driver.inspect(&topic)).await?;
        stage.note(format!("afterwards: {}", said(state)));
        Ok(())
    };
    let expected = [
        "before: no queue",
        "before: no queue",
        "a gets 1",
        "while it is served: 2 messages, 1 consumers",
        "afterwards: 2 messages, 0 consumers",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

fn said(state: Option<QueueState>) -> String {
    match state {
        None => "no queue".to_owned(),
        Some(state) => format!("{} messages, {} consumers", state.messages, state.consumers),
    }
}
