//! A broker of its own for each test, a notifier that writes the wire by hand, and waiting.

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::id::MessageId;
use oslo_messaging::notify::{Listener, ListenerBuilder, ListenerEndpoint, ListenerHandle};
use oslo_messaging::transport::{
    AckMode, Delivery, Publish, Route, Sink, Subscription, Transport, TransportOptions,
};
use oslo_messaging::wire::{Header, Properties};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

pub(crate) const INFO: &str = "notifications.info";
pub(crate) const DEAD: &str = "notifications.info.dead";
pub(crate) const PLENTY: Duration = Duration::from_secs(3600);

/// A broker with one transport.
pub(crate) struct World {
    pub(crate) broker: MemoryBroker,
    pub(crate) transport: Transport,
}

pub(crate) fn world() -> World {
    let broker = MemoryBroker::new();
    let driver = Arc::new(MemoryDriver::new(broker.clone()));
    World { transport: Transport::new(driver, TransportOptions::default()), broker }
}

/// A notification of priority info; the payload is the number `n`.
pub(crate) fn info(n: u64) -> Value {
    notification("INFO", "test.event", json!(n))
}

pub(crate) fn notification(priority: &str, event_type: &str, payload: Value) -> Value {
    json!({
        "message_id": "9d15cf4e-2c2c-4f5b-a6a8-3a2f5c4e7c11", "publisher_id": "compute.host-1", "event_type": event_type,
        "priority": priority, "payload": payload, "timestamp": "2026-11-22 04:48:58.255225",
        "_unique_id": MessageId::random().to_string(), "_context_user_id": "ada",
    })
}

/// The same with another value, or without the key.
pub(crate) fn with(mut message: Value, key: &str, value: Option<Value>) -> Value {
    let members = message.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(key.to_owned(), value),
        None => members.remove(key),
    };
    message
}

pub(crate) fn route(exchange: &str, topic: &str, priority: &str) -> Route {
    Route::Notification {
        exchange: exchange.into(),
        topic: topic.into(),
        priority: priority.into(),
        pool: None,
    }
}

pub(crate) fn json_properties() -> Properties {
    Properties { content_type: Some("application/json".into()), ..Properties::default() }
}

pub(crate) async fn publish(transport: &Transport, route: Route, body: Vec<u8>, properties: Properties) {
    let (settle, settled) = oneshot::channel();
    let unique_id = MessageId::random();
    let publish = Publish {
        route,
        body,
        properties,
        unique_id,
        mandatory: true,
        answered: false,
        deadline: None,
        retry: None,
    };
    transport.driver().publish(publish, Box::new(move |outcome| drop(settle.send(outcome))));
    settled.await.unwrap().unwrap();
}

impl World {
    /// A listener to `notifications` with this endpoint.
    pub(crate) fn listener(&self, endpoint: impl ListenerEndpoint) -> ListenerBuilder {
        Listener::builder(&self.transport).endpoint(endpoint)
    }

    /// Sends a message to a topic and priority.
    pub(crate) async fn send_to(&self, exchange: &str, topic: &str, priority: &str, message: &Value) {
        let body =
            json!({"oslo.version": "2.0", "oslo.message": message.to_string()}).to_string().into_bytes();
        publish(&self.transport, route(exchange, topic, priority), body, json_properties()).await;
    }

    /// Sends a message to the queue that its priority says.
    pub(crate) async fn send(&self, message: &Value) {
        let priority = message["priority"].as_str().unwrap_or("info").to_lowercase();
        self.send_to("openstack", "notifications", &priority, message).await;
    }

    /// Sends the infos of these numbers.
    pub(crate) async fn send_infos(&self, numbers: impl IntoIterator<Item = u64>) {
        for n in numbers {
            self.send(&info(n)).await;
        }
    }

    /// Messages of a queue that nobody has; none where there is no queue.
    pub(crate) fn ready(&self, queue: &str) -> u32 {
        self.broker.queue(queue).map_or(0, |queue| queue.messages)
    }

    pub(crate) fn held(&self, queue: &str) -> usize {
        self.broker.unacknowledged(queue).unwrap_or_default()
    }

    /// Waits until a queue holds nothing, delivered or not.
    pub(crate) async fn empty(&self, queue: &str) {
        until(|| self.ready(queue) == 0 && self.held(queue) == 0).await;
    }

    /// The next message of a queue, which nobody else consumes, acknowledged.
    pub(crate) async fn pick(&self, queue: &str) -> Picked {
        let (sender, mut deliveries) = mpsc::unbounded_channel();
        let route = Route::Topic { exchange: "pick".into(), topic: queue.into() };
        let subscription = Subscription {
            routes: vec![route],
            prefetch: 1,
            ack_mode: AckMode::AfterHandling,
            label: "picker".to_owned(),
        };
        let consumer =
            self.transport.driver().subscribe(subscription, Arc::new(Forward(sender)), None).await.unwrap();
        let Delivery { body, properties, ack, .. } = deliveries.recv().await.unwrap();
        consumer.cancel().await;
        ack.ack();
        Picked { body, properties }
    }
}

struct Forward(mpsc::UnboundedSender<Delivery>);

impl Sink for Forward {
    fn deliver(&self, delivery: Delivery) {
        let _ = self.0.send(delivery);
    }
}

/// A message taken from a queue by hand.
pub(crate) struct Picked {
    pub(crate) body: Vec<u8>,
    pub(crate) properties: Properties,
}

impl Picked {
    pub(crate) fn text(&self, header: &str) -> &str {
        match self.properties.header(header) {
            Some(Header::Text(text)) => text,
            other => panic!("{header}: {other:?}"),
        }
    }

    pub(crate) fn number(&self, header: &str) -> i64 {
        match self.properties.header(header) {
            Some(Header::Integer(number)) => *number,
            other => panic!("{header}: {other:?}"),
        }
    }

    /// The inner message.
    pub(crate) fn message(&self) -> Value {
        let envelope: Value = serde_json::from_slice(&self.body).unwrap();
        serde_json::from_str(envelope["oslo.message"].as_str().unwrap()).unwrap()
    }
}

/// Waits for a state that nobody tells about. The clock is paused: looking again costs no time.
pub(crate) async fn until(reached: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it did not come to that");
}

pub(crate) async fn start(listener: ListenerBuilder) -> ListenerHandle {
    listener.build().unwrap().start().await.unwrap()
}

pub(crate) async fn stop(handle: &ListenerHandle) {
    handle.stop();
    handle.wait(PLENTY).await;
}
