//! Using the driver from within its own callbacks.

use crate::id::MessageId;
use crate::testing::conformance::letter::{Letter, read};
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::{Confirmed, Delivery, Driver, Publish, PublishError, Route, Sink};
use std::sync::Arc;
use tokio::sync::mpsc;

const HOPS: usize = 500;

/// Acknowledges and publishes the next number from within a delivery.
struct Counter {
    driver: Arc<dyn Driver>,
    route: Route,
    done: mpsc::UnboundedSender<Result<(), String>>,
}

impl Sink for Counter {
    fn deliver(&self, delivery: Delivery) {
        delivery.ack.ack();
        let format = self.driver.format();
        let number = match read(format, &delivery.body, &delivery.properties) {
            Ok(text) => text.parse::<usize>().unwrap_or(HOPS),
            Err(cause) => return drop(self.done.send(Err(cause.to_string()))),
        };
        if number == HOPS {
            return drop(self.done.send(Ok(())));
        }
        let unique_id = MessageId::random();
        let text = (number + 1).to_string();
        let (body, properties) = Letter::new(&text).encode(format, unique_id);
        let (route, done) = (self.route.clone(), self.done.clone());
        let message = Publish {
            route,
            body,
            properties,
            unique_id,
            mandatory: true,
            answered: false,
            deadline: None,
            retry: None,
        };
        let settled = move |outcome: Result<Confirmed, PublishError>| {
            if let Err(error) = outcome {
                // The receiver is gone when the script has failed already.
                drop(done.send(Err(error.to_string())));
            }
        };
        self.driver.publish(message, Box::new(settled));
    }
}

/// A sink may acknowledge and publish while a message is delivered to it, 500 times in a row.
///
/// # Errors
/// When it goes otherwise.
pub async fn publish_from_a_delivery(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("publish_from_a_delivery");
    let played = async {
        let route = stage.topic("topic");
        let peer = stage.peer().await?;
        let (done, mut outcome) = mpsc::unbounded_channel();
        let counter = Counter { driver: peer.driver.clone(), route: route.clone(), done };
        let consumer = peer.subscribe("counter", std::slice::from_ref(&route), 1, Arc::new(counter)).await?;
        peer.send(&route, ["1"]).await?;
        match stage.wait("500 messages", outcome.recv()).await? {
            Some(Ok(())) => stage.note("500 messages, each published by the one before"),
            other => return Err(stage.failure(format!("the chain broke: {other:?}"))),
        }
        stage.wait("a consumer to close", consumer.close()).await
    };
    let played = played.await;
    stage.judge(&["500 messages, each published by the one before"], played).await
}
