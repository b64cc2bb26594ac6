//! Where a script plays, and what most scripts begin with.

use super::Operator;
use crate::drivers::rabbit::amqp::sample::{message, outcome};
use crate::drivers::rabbit::amqp::{
    AmqpError, Assurance, Channel, Confirms, Connection, ConnectionKind, Event, Node, Outcome, QueueSpec,
    Received,
};
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::{ConnectFailure, HostSpec};
use crate::wire::Oslo2;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// An implementation, a virtual host of the script's own, and an operator of it.
pub struct Stage {
    pub kind: ConnectionKind,
    /// `host:port`; the operator's proxy.
    pub address: String,
    pub virtual_host: String,
    pub operator: Arc<dyn Operator>,
}

pub(super) type Events = mpsc::UnboundedReceiver<Event>;
pub(super) type Messages = mpsc::UnboundedReceiver<Received>;
pub(super) type Ended = Pin<Box<dyn Future<Output = Option<AmqpError>> + Send>>;

impl Stage {
    pub(super) fn node(&self) -> Node {
        node(&self.address, &self.virtual_host)
    }

    pub(super) async fn try_open(&self, node: &Node) -> Result<(Connection, Events), ConnectFailure> {
        within(
            "an answer to the login",
            Connection::open(self.kind, node, "suite", 0, Surroundings::default()),
        )
        .await
    }

    /// A connection without heartbeats.
    pub(super) async fn open(&self) -> (Connection, Events) {
        self.try_open(&self.node()).await.unwrap()
    }

    /// A connection and a channel of it in confirm mode.
    pub(super) async fn publisher(&self) -> (Connection, Events, Confirms) {
        let (connection, events) = self.open().await;
        let confirms = confirms(&connection).await;
        (connection, events, confirms)
    }

    /// A connection, a channel in confirm mode, another channel, and a queue.
    pub(super) async fn queue(&self, name: &str) -> (Connection, Confirms, Channel) {
        let (connection, _, confirms) = self.publisher().await;
        let channel = connection.channel().await.unwrap();
        channel.declare_queue(&queue(name)).await.unwrap();
        (connection, confirms, channel)
    }
}

pub(super) fn node(address: &str, virtual_host: &str) -> Node {
    let (host, port) = address.rsplit_once(':').expect("host:port");
    let mut host = HostSpec::new(host);
    host.port = port.parse().expect("a port");
    Node { host, virtual_host: virtual_host.to_owned() }
}

pub(super) fn queue(name: &str) -> QueueSpec {
    QueueSpec { name: name.to_owned(), durable: false, auto_delete: false, expires: None }
}

pub(super) async fn confirms(connection: &Connection) -> Confirms {
    assured(connection, Assurance::Confirmed).await
}

/// A new channel that learns in this way what became of messages.
pub(super) async fn assured(connection: &Connection, assurance: Assurance) -> Confirms {
    let channel = connection.channel().await.unwrap();
    Confirms::start(channel, Arc::new(Oslo2::new()), assurance).await.unwrap()
}

/// Publishes texts to a queue, all at once; their outcomes in order.
pub(super) fn publish(confirms: &Confirms, queue: &str, texts: &[String]) -> Vec<oneshot::Receiver<Outcome>> {
    let publish = |text: &String| {
        let (on_outcome, outcome) = outcome();
        confirms.publish(message(queue, text), on_outcome);
        outcome
    };
    texts.iter().map(publish).collect()
}

/// Publishes texts and waits until the queue has them; their bodies.
pub(super) async fn fill(confirms: &Confirms, queue: &str, count: usize) -> Vec<Vec<u8>> {
    let (mut outcomes, mut bodies) = (Vec::new(), Vec::new());
    for number in 0..count {
        let message = message(queue, &number.to_string());
        bodies.push(message.body.clone());
        let (on_outcome, outcome) = outcome();
        confirms.publish(message, on_outcome);
        outcomes.push(outcome);
    }
    for told in told(outcomes).await {
        assert_eq!(told, Outcome::Confirmed);
    }
    bodies
}

pub(super) async fn told(outcomes: Vec<oneshot::Receiver<Outcome>>) -> Vec<Outcome> {
    let mut told = Vec::new();
    for outcome in outcomes {
        told.push(within("an outcome", outcome).await.expect("every outcome is told"));
    }
    told
}

/// Consumes a queue: where its messages go, and the consumer's end.
pub(super) async fn consume(channel: &Channel, queue: &str, tag: u32) -> (Messages, Running) {
    let (take, taken) = mpsc::unbounded_channel();
    let take = move |received| {
        // A script that looks no more has ended.
        let _ = take.send(received);
    };
    let ended: Ended = Box::pin(channel.consume(queue, tag, take).await.unwrap());
    (taken, Running(tokio::spawn(ended)))
}

/// A consumer that runs. Dropping it drops the consumer's future.
pub(super) struct Running(tokio::task::JoinHandle<Option<AmqpError>>);

impl Running {
    pub(super) async fn ended(mut self) -> Option<AmqpError> {
        within("the consumer's end", &mut self.0).await.unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(super) async fn take(messages: &mut Messages, count: usize) -> Vec<Received> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.push(within("a message", messages.recv()).await.expect("the consumer goes on"));
    }
    taken
}

/// The connection's end, which is its last event.
pub(super) async fn lost(events: &mut Events) -> AmqpError {
    loop {
        match within("the loss", events.recv()).await {
            Some(Event::Lost(error)) => {
                assert!(events.try_recv().is_err(), "an event behind the loss");
                return error;
            }
            Some(_) => {}
            None => panic!("the connection ended without a word"),
        }
    }
}

/// What `future` gives; a stop that says what did not come. The limit is for a machine under load: nothing waits for it.
pub(super) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(40), future).await;
    waited.unwrap_or_else(|_| panic!("{what} does not come"))
}

/// Looks at a queue until it is as `expected`: a broker tells nobody when it has put messages back or a consumer away.
pub(super) async fn inspected(channel: &Channel, queue: &str, messages: u32, consumers: u32) {
    within(&format!("queue {queue} with {messages} messages and {consumers} consumers"), async {
        loop {
            let state = channel.inspect(queue).await.unwrap();
            if (state.messages, state.consumers) == (messages, consumers) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
