//! A Rust listener that writes down what it handles, on a transport of its own, as a process would have it.

use super::service::entries;
use crate::journal::Journal;
use crate::wait::within;
use oslo_messaging::notify::{
    Event, Listener, ListenerBuilder, ListenerHandle, ListenerStats, NotificationResult, Priority, Stopped,
    handler_fn,
};
use oslo_messaging::transport::Transport;
use oslo_messaging::{Target, listener};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A notification that was given to a handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// Which listener.
    pub listener: String,
    /// Its priority.
    pub priority: Priority,
    /// Its event type.
    pub event_type: String,
    /// Who has sent it.
    pub publisher_id: String,
    /// Its payload as JSON text, as it came.
    pub payload: String,
    /// Entries of its context; what is no plain JSON is null.
    pub context: Value,
    /// Its id.
    pub message_id: String,
    /// When it was made.
    pub timestamp: String,
    /// Exchange that it came by.
    pub exchange: String,
    /// Topic that it came by.
    pub topic: String,
    /// How often it had come before.
    pub redeliveries: u64,
}

impl Noted {
    /// What there is to note of an event.
    pub fn of(listener: &str, event: &Event) -> Self {
        let Event { priority, event_type, publisher_id, payload, message_id, timestamp, .. } = event;
        Self {
            listener: listener.to_owned(),
            priority: *priority,
            event_type: event_type.clone(),
            publisher_id: publisher_id.clone(),
            payload: payload.as_str().to_owned(),
            context: entries(&event.context),
            message_id: message_id.clone(),
            timestamp: timestamp.clone(),
            exchange: event.exchange.clone(),
            topic: event.topic.clone(),
            redeliveries: event.redeliveries,
        }
    }

    /// Its payload, which is plain JSON.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.payload).unwrap_or_else(|e| panic!("{e}: {}", self.payload))
    }
}

/// What the handlers say of a notification, of each in a batch.
type Answer = Arc<dyn Fn(&Noted) -> Result<NotificationResult, String> + Send + Sync>;

/// A running Rust listener.
pub struct RustListener {
    transport: Transport,
    handle: ListenerHandle,
    journal: Journal<Noted>,
    batches: Journal<Vec<Noted>>,
}

/// What a Rust listener is started with.
pub struct RustListenerBuilder {
    url: String,
    targets: Vec<Target>,
    name: String,
    priorities: Vec<Priority>,
    answer: Answer,
    batch: Option<(usize, Duration)>,
    journal: Journal<Noted>,
    options: Box<dyn FnOnce(ListenerBuilder) -> ListenerBuilder>,
}

impl RustListener {
    /// A listener to these topics of the default exchange, for every priority, unless said otherwise.
    pub fn builder(url: &str, topics: &[&str]) -> RustListenerBuilder {
        RustListenerBuilder {
            url: url.to_owned(),
            targets: topics.iter().map(Target::topic).collect(),
            name: "rust".to_owned(),
            priorities: Priority::ALL.to_vec(),
            answer: Arc::new(|_| Ok(NotificationResult::Handled)),
            batch: None,
            journal: Journal::new(),
            options: Box::new(|builder| builder),
        }
    }

    /// What it has been given, in order.
    pub fn journal(&self) -> &Journal<Noted> {
        &self.journal
    }

    /// The first `count` notifications, as soon as they are given to a handler.
    pub async fn wait_for(&self, count: usize) -> Vec<Noted> {
        let what = format!("{count} notifications at the Rust listener");
        self.journal.first(count, PATIENCE, &what, |_| true).await
    }

    /// The first `count` batches, as soon as they are given to a handler.
    pub async fn wait_for_batches(&self, count: usize) -> Vec<Vec<Noted>> {
        let what = format!("{count} batches at the Rust listener");
        self.batches.first(count, PATIENCE, &what, |_| true).await
    }

    /// What it has done so far.
    pub fn stats(&self) -> ListenerStats {
        self.handle.stats()
    }

    /// The running listener.
    pub fn handle(&self) -> &ListenerHandle {
        &self.handle
    }

    /// Stops it in order and closes its transport.
    pub async fn stop(self) -> Stopped {
        self.handle.stop();
        let stopped = within(PATIENCE, "the Rust listener stops", self.handle.wait(PATIENCE)).await;
        self.transport.close(Duration::from_secs(10)).await;
        stopped
    }
}

impl RustListenerBuilder {
    /// Its name in the journal.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// One more target.
    #[must_use]
    pub fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// The priorities that its handler takes; none is no handler.
    #[must_use]
    pub fn priorities(mut self, priorities: &[Priority]) -> Self {
        self.priorities = priorities.to_vec();
        self
    }

    /// What the handler says of each notification.
    #[must_use]
    pub fn answer(
        mut self,
        answer: impl Fn(&Noted) -> Result<NotificationResult, String> + Send + Sync + 'static,
    ) -> Self {
        self.answer = Arc::new(answer);
        self
    }

    /// Takes notifications together, of every priority; the handler says of all what the answer is to the first.
    #[must_use]
    pub fn batch(mut self, size: usize, timeout: Duration) -> Self {
        self.batch = Some((size, timeout));
        self
    }

    /// A journal shared with other listeners.
    #[must_use]
    pub fn journal(mut self, journal: &Journal<Noted>) -> Self {
        self.journal = journal.clone();
        self
    }

    /// Options of the listener itself.
    #[must_use]
    pub fn options(mut self, options: impl FnOnce(ListenerBuilder) -> ListenerBuilder + 'static) -> Self {
        self.options = Box::new(options);
        self
    }

    /// Starts it; returns when it listens.
    pub async fn start(self) -> RustListener {
        let Self { url, targets, name, priorities, answer, batch, journal, options } = self;
        let transport = super::connect(&url);
        let batches = Journal::new();
        let mut builder = Listener::builder(&transport);
        for target in targets {
            builder = builder.target(target);
        }
        if let Some((size, timeout)) = batch {
            let several = Several { name, answer, journal: journal.clone(), batches: batches.clone() };
            builder = builder.batch(size, timeout).endpoint(RecordingEndpoint::new(several));
        } else if !priorities.is_empty() {
            let journal = journal.clone();
            builder = builder.endpoint(handler_fn(&priorities, move |event: Event| {
                let noted = Noted::of(&name, &event);
                journal.push(noted.clone());
                std::future::ready(answer(&noted))
            }));
        }
        let listener = options(builder).build().unwrap_or_else(|e| panic!("{e}"));
        let handle = listener.start().await.unwrap_or_else(|e| panic!("{e}"));
        RustListener { transport, handle, journal, batches }
    }
}

#[listener]
trait Recording {
    #[on(any)]
    async fn note(&self, events: Vec<Event>) -> Result<NotificationResult, String>;
}

struct Several {
    name: String,
    answer: Answer,
    journal: Journal<Noted>,
    batches: Journal<Vec<Noted>>,
}

impl Recording for Several {
    async fn note(&self, events: Vec<Event>) -> Result<NotificationResult, String> {
        let batch: Vec<Noted> = events.iter().map(|event| Noted::of(&self.name, event)).collect();
        batch.iter().for_each(|noted| self.journal.push(noted.clone()));
        self.batches.push(batch.clone());
        batch.first().map_or(Ok(NotificationResult::Handled), |noted| (self.answer)(noted))
    }
}

impl fmt::Debug for RustListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}
