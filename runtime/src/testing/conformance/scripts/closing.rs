//! Closing a driver.

use crate::error::NotSentReason;
use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::{DriverError, Health, PublishError};

/// Closing settles every publish, truthfully: what was confirmed is in its queue, what was not sent is not. A closed
/// driver does nothing more and says so; others on the broker go on.
///
/// # Errors
/// When it goes otherwise.
pub async fn close_settles_everything(suite: &Suite) -> Result<History, Failure> {
    const COUNT: usize = 500;
    let stage = suite.stage("close_settles_everything");
    let played = async {
        let topic = stage.topic("topic");
        let (client, server) = (stage.peer().await?, stage.peer().await?);
        server.leave_queue(&topic).await?;
        client.send(&topic, ["0"]).await?;
        let pending: Vec<_> = (0..COUNT).map(|_| client.publish(&topic, &Letter::new("1"))).collect();
        stage.wait("the driver to close", client.driver.close(stage.limit())).await?;
        let (mut confirmed, mut unknown) = (1, 0);
        for publish in pending {
            match publish.outcome().await? {
                Ok(_) => confirmed += 1,
                Err(PublishError::Unconfirmed { .. } | PublishError::Lost { .. }) => unknown += 1,
                Err(PublishError::NotSent(_)) => {}
                Err(other) => return Err(stage.failure(format!("a publish ended as {other:?}"))),
            }
        }
        stage.note("500 publishes are settled");
        let mut a = server.listen("a", std::slice::from_ref(&topic), 0).await?;
        for _ in 0..confirmed {
            a.delivery().await?.ack.ack();
        }
        stage.note("what was confirmed is in the queue");
        stage.until_ready(&server, &topic, 0).await?;
        let mut more = 0;
        while a.arrived().is_some() {
            more += 1;
        }
        if more > unknown {
            return Err(stage.failure(format!("{more} messages too many, but only {unknown} unconfirmed")));
        }
        match client.publish(&topic, &Letter::new("2")).outcome().await? {
            Err(PublishError::NotSent(NotSentReason::Closed)) => {
                stage.note("nothing can be published any more")
            }
            other => return Err(stage.failure(format!("a publish on a closed driver ended as {other:?}"))),
        }
        match client.refused("b", &topic).await? {
            Some(DriverError::Closed) => stage.note("nothing can be consumed any more"),
            other => return Err(stage.failure(format!("a subscription on a closed driver gave {other:?}"))),
        }
        let health = client.driver.health().borrow().clone();
        match health {
            Health::Closed => stage.note("its health is: closed"),
            other => return Err(stage.failure(format!("the health of a closed driver is {other:?}"))),
        }
        server.send(&topic, ["3"]).await?;
        a.takes().await?.ack.ack();
        Ok(())
    };
    let expected = [
        "500 publishes are settled",
        "what was confirmed is in the queue",
        "nothing can be published any more",
        "nothing can be consumed any more",
        "its health is: closed",
        "a gets 3",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
