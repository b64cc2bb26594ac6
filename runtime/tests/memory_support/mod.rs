//! Publishing and listening on a memory driver with plain texts as bodies.
#![allow(dead_code, reason = "each test program uses a part")]
// A fixture has nobody to return an error to: it stops the test with a sentence.
#![allow(clippy::expect_used)]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::id::MessageId;
use oslo_messaging::transport::{
    AckMode, Confirmed, Consumer, Delivery, Driver, Publish, PublishError, Route, Sink, Subscription,
};
use oslo_messaging::wire::Properties;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

pub(crate) type Outcome = Result<Confirmed, PublishError>;

/// A broker of the test's own and a driver on it.
pub(crate) fn driver() -> (MemoryBroker, Arc<MemoryDriver>) {
    let broker = MemoryBroker::new();
    let driver = Arc::new(MemoryDriver::new(broker.clone()));
    (broker, driver)
}

pub(crate) fn topic(topic: &str) -> Route {
    Route::Topic { exchange: "exchange".into(), topic: topic.into() }
}

pub(crate) fn message(route: &Route, text: &str) -> Publish {
    Publish {
        route: route.clone(),
        body: text.as_bytes().to_vec(),
        properties: Properties::default(),
        unique_id: MessageId::random(),
        mandatory: true,
        answered: false,
        deadline: None,
        retry: None,
    }
}

/// Publishes; the outcome is there at once unless the call is made from within a callback.
pub(crate) fn publish(driver: &dyn Driver, message: Publish) -> oneshot::Receiver<Outcome> {
    let (settled, outcome) = oneshot::channel();
    driver.publish(message, Box::new(move |result| drop(settled.send(result))));
    outcome
}

pub(crate) fn send(driver: &dyn Driver, route: &Route, text: &str) {
    publish(driver, message(route, text)).try_recv().expect("settled at once").expect("confirmed");
}

struct Tap(mpsc::UnboundedSender<Delivery>);

impl Sink for Tap {
    fn deliver(&self, delivery: Delivery) {
        drop(self.0.send(delivery));
    }
}

pub(crate) struct Listener {
    pub(crate) consumer: Box<dyn Consumer>,
    pub(crate) deliveries: mpsc::UnboundedReceiver<Delivery>,
}

pub(crate) async fn subscribe(
    driver: &dyn Driver,
    route: &Route,
    prefetch: u16,
    sink: Arc<dyn Sink>,
) -> Box<dyn Consumer> {
    let subscription = Subscription {
        routes: vec![route.clone()],
        prefetch,
        ack_mode: AckMode::AfterHandling,
        label: "the test".to_owned(),
    };
    driver.subscribe(subscription, sink, None).await.expect("subscribed")
}

pub(crate) async fn listen(driver: &dyn Driver, route: &Route, prefetch: u16) -> Listener {
    let (sender, deliveries) = mpsc::unbounded_channel();
    Listener { consumer: subscribe(driver, route, prefetch, Arc::new(Tap(sender))).await, deliveries }
}

/// Makes the queue of `route` and leaves it.
pub(crate) async fn leave_queue(driver: &dyn Driver, route: &Route) {
    listen(driver, route, 1).await.consumer.close().await;
}

impl Listener {
    /// The next delivery.
    pub(crate) async fn next(&mut self) -> Delivery {
        let next = tokio::time::timeout(Duration::from_secs(30), self.deliveries.recv());
        next.await.expect("a delivery within 30 s").expect("a sink")
    }

    /// The texts of all deliveries made until now, each acknowledged.
    pub(crate) fn texts(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        while let Ok(delivery) = self.deliveries.try_recv() {
            texts.push(text(&delivery));
            delivery.ack.ack();
        }
        texts
    }
}

pub(crate) fn text(delivery: &Delivery) -> String {
    String::from_utf8(delivery.body.clone()).expect("a text")
}
