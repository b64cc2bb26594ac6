//! A peer made of nothing but AMQP: publishes requests and replies byte by byte, as a foreign program might.

use crate::broker::VirtualHost;
use crate::wait::within;
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeclareOptions,
    QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use oslo_messaging::id::MessageId;
use serde_json::{Map, Value, json};
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinHandle;

const LIMIT: Duration = Duration::from_secs(30);

/// A plain AMQP connection with one channel.
#[derive(Debug)]
pub struct Raw {
    channel: Channel,
    _connection: Connection,
}

/// What a queue holds at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    /// Messages ready for delivery.
    pub messages: u32,
    /// Consumers.
    pub consumers: u32,
}

/// A message taken from a queue.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Its body.
    pub body: Vec<u8>,
    /// Its headers: texts and integers; others are null.
    pub headers: Map<String, Value>,
    /// 2 is persistent.
    pub delivery_mode: Option<u8>,
    /// In milliseconds, as sent.
    pub expiration: Option<u64>,
}

fn shown(value: &AMQPValue) -> Value {
    match value {
        AMQPValue::LongString(text) => json!(text.to_string()),
        AMQPValue::LongLongInt(number) => json!(number),
        AMQPValue::LongInt(number) => json!(number),
        _ => Value::Null,
    }
}

/// The properties that every oslo message has.
pub fn oslo_properties() -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into())
}

/// The envelope around an inner message.
pub fn envelope(inner: &Value) -> String {
    json!({"oslo.version": "2.0", "oslo.message": inner.to_string()}).to_string()
}

/// A fresh id.
pub fn id() -> String {
    MessageId::random().to_string()
}

impl Raw {
    /// Connects.
    pub async fn connect(host: &VirtualHost) -> Self {
        let connection = within(LIMIT, "a plain connection", async {
            Connection::connect(&host.amqp_uri(), ConnectionProperties::default()).await
        });
        let connection = connection.await.expect("a plain connection");
        let channel = connection.create_channel().await.expect("a channel");
        Self { channel, _connection: connection }
    }

    /// Publishes; `exchange` `""` goes straight to the queue named by `key`.
    pub async fn publish(&self, exchange: &str, key: &str, properties: BasicProperties, body: &[u8]) {
        let options = BasicPublishOptions::default();
        let sent = self.channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        sent.await.expect("a publish");
    }

    /// Publishes an oslo message.
    pub async fn send(&self, exchange: &str, key: &str, inner: &Value) {
        self.publish(exchange, key, oslo_properties(), envelope(inner).as_bytes()).await;
    }

    /// Declares a queue as a reply queue is declared by default, without its expiry.
    pub async fn declare_queue(&self, name: &str) {
        let options = QueueDeclareOptions::default();
        self.channel.queue_declare(name.into(), options, FieldTable::default()).await.expect("a queue");
    }

    /// Takes one message from a queue, if there is one.
    pub async fn take(&self, queue: &str) -> Option<Vec<u8>> {
        let options = BasicGetOptions { no_ack: true };
        self.channel
            .basic_get(queue.into(), options)
            .await
            .expect("a get")
            .map(|message| message.delivery.data)
    }

    /// The same with its properties.
    pub async fn take_whole(&self, queue: &str) -> Option<Taken> {
        let options = BasicGetOptions { no_ack: true };
        let message = self.channel.basic_get(queue.into(), options).await.expect("a get")?;
        let properties = message.delivery.properties;
        let headers = properties.headers().iter().flat_map(|table| table.inner());
        let headers = headers.map(|(name, value)| (name.to_string(), shown(value))).collect();
        let expiration = properties.expiration().as_ref().and_then(|text| text.as_str().parse().ok());
        let delivery_mode = *properties.delivery_mode();
        Some(Taken { body: message.delivery.data, headers, delivery_mode, expiration })
    }

    /// What the queue holds now, exactly; `None` if it does not exist. A missing queue closes the channel: ask last.
    pub async fn queue_state(&self, name: &str) -> Option<QueueState> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = self.channel.queue_declare(name.into(), options, FieldTable::default()).await.ok()?;
        Some(QueueState { messages: queue.message_count(), consumers: queue.consumer_count() })
    }

    /// Serves a topic of the default exchange as a Python server with default options declares it: each request is
    /// acknowledged and given to `handler`, decoded. Ends with the returned handle, or with this connection.
    pub async fn serve<F, R>(&self, topic: &str, handler: F) -> JoinHandle<()>
    where
        F: Fn(Value) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send,
    {
        let (exchange, none) = ("openstack", FieldTable::default);
        let options = ExchangeDeclareOptions::default();
        let declared = self.channel.exchange_declare(exchange.into(), ExchangeKind::Topic, options, none());
        declared.await.expect("an exchange");
        self.declare_queue(topic).await;
        let bound = self.channel.queue_bind(
            topic.into(),
            exchange.into(),
            topic.into(),
            QueueBindOptions::default(),
            none(),
        );
        bound.await.expect("a binding");
        let consume =
            self.channel.basic_consume(topic.into(), "raw".into(), BasicConsumeOptions::default(), none());
        let mut consumer = consume.await.expect("a consumer");
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = consumer.next().await {
                handler(acknowledged(delivery).await).await;
            }
        })
    }
}

async fn acknowledged(delivery: Delivery) -> Value {
    delivery.acker.ack(BasicAckOptions::default()).await.expect("an ack");
    let outer: Value = serde_json::from_slice(&delivery.data).expect("an envelope");
    let inner = outer["oslo.message"].as_str().expect("an inner message");
    serde_json::from_str(inner).expect("an oslo message")
}
