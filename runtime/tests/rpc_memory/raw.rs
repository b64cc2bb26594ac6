//! A peer that speaks the wire by hand: it sees each message as it is and can send anything.

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::id::MessageId;
use oslo_messaging::transport::{
    AckMode, Confirmed, Consumer, Delivery, Driver, Publish, PublishError, Route, Sink, Subscription,
};
use oslo_messaging::wire::Properties;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

pub(crate) const EXCHANGE: &str = "openstack";

/// A peer without a library.
pub(crate) struct RawPeer {
    driver: MemoryDriver,
}

/// What a raw peer consumes.
pub(crate) struct RawQueue {
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    _consumer: Box<dyn Consumer>,
}

struct Forward(mpsc::UnboundedSender<Delivery>);

impl Sink for Forward {
    fn deliver(&self, delivery: Delivery) {
        let _ = self.0.send(delivery);
    }
}

pub(crate) fn topic(topic: &str) -> Route {
    Route::Topic { exchange: EXCHANGE.into(), topic: topic.into() }
}

pub(crate) fn reply(address: &str) -> Route {
    Route::Reply { address: address.into() }
}

/// The inner message in its envelope.
pub(crate) fn envelope(inner: &Value) -> Vec<u8> {
    json!({"oslo.version": "2.0", "oslo.message": inner.to_string()}).to_string().into_bytes()
}

/// The inner message of an envelope.
pub(crate) fn opened(body: &[u8]) -> Value {
    let envelope: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_str(envelope["oslo.message"].as_str().unwrap()).unwrap()
}

pub(crate) fn json_properties() -> Properties {
    Properties {
        content_type: Some("application/json".into()),
        content_encoding: Some("utf-8".into()),
        ..Properties::default()
    }
}

impl RawPeer {
    pub(crate) fn on(broker: &MemoryBroker) -> Self {
        Self { driver: MemoryDriver::new(broker.clone()) }
    }

    /// Consumes a queue. A topic's queue has the topic's name, so this also makes a reply queue of a chosen name.
    pub(crate) async fn consume(&self, queue: &str) -> RawQueue {
        let (sender, deliveries) = mpsc::unbounded_channel();
        let subscription = Subscription {
            routes: vec![topic(queue)],
            prefetch: 0,
            ack_mode: AckMode::BeforeHandling,
            label: queue.to_owned(),
        };
        let consumer =
            self.driver.subscribe(subscription, std::sync::Arc::new(Forward(sender)), None).await.unwrap();
        RawQueue { deliveries, _consumer: consumer }
    }

    pub(crate) async fn publish_bytes(
        &self,
        route: Route,
        body: Vec<u8>,
        properties: Properties,
    ) -> Result<Confirmed, PublishError> {
        let (settle, settled) = oneshot::channel();
        let publish = Publish {
            route,
            body,
            properties,
            unique_id: MessageId::random(),
            mandatory: true,
            answered: false,
            deadline: None,
            retry: None,
        };
        self.driver.publish(publish, Box::new(move |outcome| drop(settle.send(outcome))));
        settled.await.unwrap()
    }

    /// Publishes an inner message in an envelope.
    pub(crate) async fn publish(&self, route: Route, inner: &Value) {
        self.publish_bytes(route, envelope(inner), json_properties()).await.unwrap();
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, request: &Value, inner: Value) {
        let mut inner = inner;
        inner["_msg_id"] = request["_msg_id"].clone();
        self.publish(reply(request["_reply_q"].as_str().unwrap()), &inner).await;
    }
}

impl RawQueue {
    /// The next message, acknowledged.
    pub(crate) async fn next(&mut self) -> Value {
        let delivery = self.deliveries.recv().await.unwrap();
        let inner = opened(&delivery.body);
        delivery.ack.ack();
        inner
    }

    /// What has arrived so far, acknowledged.
    pub(crate) fn arrived(&mut self) -> Vec<Value> {
        let mut arrived = Vec::new();
        while let Ok(delivery) = self.deliveries.try_recv() {
            arrived.push(opened(&delivery.body));
            delivery.ack.ack();
        }
        arrived
    }
}
