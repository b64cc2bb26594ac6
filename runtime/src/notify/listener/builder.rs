//! Describes a listener before it is built.

use super::Listener;
use super::config::{Batching, Config, Source, UnfitPolicy};
use super::error::ListenerBuildError;
use super::methods::Methods;
use crate::notify::ListenerEndpoint;
use crate::target::Target;
use crate::transport::{Route, Transport, check_name};
use std::sync::Arc;
use std::time::Duration;

/// The topic that is listened to where none is named, as Python's notifiers.
const TOPIC: &str = "notifications";

/// How long a stop gives running handlers unless told otherwise.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Exchange and topic of a target.
type Place = (Arc<str>, Arc<str>);

/// Describes a [`Listener`]; made by [`Listener::builder`].
///
/// ```
/// use oslo_messaging::notify::{Event, Listener, Priority, handler_fn};
/// use oslo_messaging::{Target, Transport};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://listener-builder")?;
/// let failures = handler_fn(&[Priority::Error], async |event: Event| println!("{}", event.event_type));
/// let listener = Listener::builder(&transport)
///     .target(Target::topic("notifications").with_exchange("nova"))
///     .endpoint(failures.event_type("compute.*"))
///     .pool("watch")
///     .allow_requeue(true)
///     .redelivery_limit(5)
///     .build()?;
/// listener.start().await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ListenerBuilder {
    transport: Transport,
    targets: Vec<Target>,
    endpoints: Vec<Arc<dyn ListenerEndpoint>>,
    pool: Option<Arc<str>>,
    allow_requeue: Option<bool>,
    redelivery_limit: Option<u32>,
    unfit: UnfitPolicy,
    dead_letter_malformed: bool,
    batching: Option<Batching>,
    concurrency: Option<usize>,
    prefetch: Option<u16>,
    stop_limit: Duration,
    start_timeout: Duration,
}

impl ListenerBuilder {
    pub(super) fn new(transport: &Transport) -> Self {
        Self {
            targets: Vec::new(),
            endpoints: Vec::new(),
            pool: None,
            allow_requeue: None,
            redelivery_limit: None,
            unfit: UnfitPolicy::default(),
            dead_letter_malformed: false,
            batching: None,
            concurrency: None,
            prefetch: None,
            stop_limit: STOP_LIMIT,
            start_timeout: transport.options().rpc_response_timeout,
            transport: transport.clone(),
        }
    }

    /// Listens to a topic; may be called for several. A target without exchange has the transport's `control_exchange`.
    /// Default: the topic `notifications`.
    ///
    /// Corresponds to `targets`.
    pub fn target(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    /// Calls an endpoint: a generated `<Trait>Endpoint`, or a [`handler_fn`](crate::notify::handler_fn). A notification
    /// goes to every method that wants it, of all endpoints in the order of these calls.
    pub fn endpoint(self, endpoint: impl ListenerEndpoint) -> Self {
        self.shared_endpoint(Arc::new(endpoint))
    }

    /// Calls an endpoint that others hold too.
    pub fn shared_endpoint(mut self, endpoint: Arc<dyn ListenerEndpoint>) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Shares a copy of every notification with the other listeners of this name, instead of with all listeners of the
    /// topic. The pool's queue has this name alone, so listeners of different topics with the same pool share it; with
    /// several targets an event cannot say by which of them it came.
    ///
    /// Notifications that nobody takes without a pool stay in the topic's queue, as in Python.
    pub fn pool(mut self, name: impl AsRef<str>) -> Self {
        self.pool = Some(name.as_ref().into());
        self
    }

    /// Whether a notification goes back to its queue when a method asks for that, fails or panics. Default: no, as in
    /// Python; then it is done with all the same.
    ///
    /// Without a [`redelivery_limit`](Self::redelivery_limit) it comes back at once and for ever. With one it goes back
    /// unless `false` is said here.
    pub fn allow_requeue(mut self, allow: bool) -> Self {
        self.allow_requeue = Some(allow);
        self
    }

    /// Lets a notification go back to its queue so often, as [`allow_requeue`](Self::allow_requeue) does without limit; then
    /// it is moved to the queue `<queue>.dead`, with its history in headers. Default: no limit, as in Python.
    ///
    /// Counting costs the place in the queue: a broker that does not count (every RabbitMQ queue but quorum queues) only
    /// marks a message as delivered before, be it to a listener that stopped before its handler began. So what is to come
    /// again is published again, confirmed, with a count in a header, and the old message acknowledged then. A process that
    /// ends while it handles a notification has not counted that.
    pub fn redelivery_limit(mut self, redeliveries: u32) -> Self {
        self.redelivery_limit = Some(redeliveries);
        self
    }

    /// What becomes of a notification whose payload does not fit the type of a method that wants it. Default:
    /// [`UnfitPolicy::DeadLetter`].
    pub fn unfit_payloads(mut self, policy: UnfitPolicy) -> Self {
        self.unfit = policy;
        self
    }

    /// Whether messages that cannot be read at all are kept in `<queue>.dead`. Default: no; they are rejected, as in
    /// Python. Those that are only over the transport's [`Limits`](crate::wire::Limits) are kept in any case.
    pub fn dead_letter_malformed(mut self, keep: bool) -> Self {
        self.dead_letter_malformed = keep;
        self
    }

    /// Takes notifications together: up to `size` (which a prefetch above 0 limits, as in Python), or as many as have come
    /// `timeout` after the first. In Python the time runs since the last batch instead.
    ///
    /// Those of one priority are given together to each method that takes several, and one by one to the others; a method
    /// that takes several and asks for them again, or fails, does so for all of that priority in the batch.
    ///
    /// Corresponds to `get_batch_notification_listener`.
    pub fn batch(mut self, size: usize, timeout: Duration) -> Self {
        self.batching = Some(Batching { size, timeout });
        self
    }

    /// How many notifications are handled at a time; what else is delivered waits unacknowledged. Default: the transport's
    /// `executor_thread_pool_size`, 64; one batch at a time where notifications are taken together.
    ///
    /// Handlers begin in the order of delivery; 1 lets each end before the next begins.
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = Some(handlers);
        self
    }

    /// How many unacknowledged notifications the broker delivers at a time from each queue; 0 is no limit. Default: as
    /// many as are handled at a time.
    ///
    /// Corresponds to `rabbit_qos_prefetch_count`, which comes first where a configuration or a URL sets it.
    pub fn prefetch(mut self, notifications: u16) -> Self {
        self.prefetch = Some(notifications);
        self
    }

    /// How long a stop gives running handlers. Default 60 s.
    pub fn stop_limit(mut self, limit: Duration) -> Self {
        self.stop_limit = limit;
        self
    }

    /// How long `start` waits for the broker. Default: the transport's `rpc_response_timeout`, 60 s.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Builds the listener. Nothing is sent before it is started.
    ///
    /// # Errors
    /// When a target or pool cannot be listened to, no method takes anything, a filter's pattern cannot be used, a method
    /// takes batches and none were described, or the driver lacks pools or giving back.
    pub fn build(self) -> Result<Listener, ListenerBuildError> {
        self.check_driver()?;
        let methods = Methods::new(&self.endpoints)?;
        let sources = self.sources(&methods)?;
        if sources.is_empty() {
            return Err(ListenerBuildError::NoMethod);
        }
        let together = methods.iter().find(|method| method.batch);
        if let (Some(method), None) = (together, self.batching) {
            return Err(ListenerBuildError::BatchUnset { method: method.name.clone() });
        }
        let usual = match self.batching {
            Some(_) => 1,
            None => self.transport.options().executor_thread_pool_size,
        };
        let concurrency = self.concurrency.unwrap_or(usual);
        if concurrency == 0 {
            return Err(ListenerBuildError::NoConcurrency);
        }
        let at_a_time = concurrency.saturating_mul(self.batching.map_or(1, |batching| batching.size));
        let prefetch = self.transport.driver().prefetch().or(self.prefetch);
        let prefetch = prefetch.unwrap_or(u16::try_from(at_a_time).unwrap_or(u16::MAX));
        let batching = match self.batching {
            Some(Batching { size: 0, .. }) => return Err(ListenerBuildError::EmptyBatch),
            Some(batching) if prefetch > 0 => {
                Some(Batching { size: batching.size.min(prefetch.into()), ..batching })
            }
            batching => batching,
        };
        Ok(Listener::new(Config {
            label: self.label(),
            allow_requeue: self.gives_back(),
            transport: self.transport,
            sources,
            methods,
            redelivery_limit: self.redelivery_limit,
            unfit: self.unfit,
            dead_letter_malformed: self.dead_letter_malformed,
            batching,
            concurrency,
            prefetch,
            stop_limit: self.stop_limit,
            start_timeout: self.start_timeout,
        }))
    }

    fn gives_back(&self) -> bool {
        self.allow_requeue.unwrap_or(self.redelivery_limit.is_some())
    }

    fn check_driver(&self) -> Result<(), ListenerBuildError> {
        let driver = self.transport.driver();
        let can = driver.capabilities();
        let missing = match (self.pool.is_some() && !can.pools, self.gives_back() && !can.requeue) {
            (true, _) => "listener pools",
            (_, true) => "giving back of messages",
            _ => return Ok(()),
        };
        Err(ListenerBuildError::Unsupported { driver: driver.name(), capability: missing })
    }

    /// The targets, with what is left out filled in, each once.
    fn targets(&self) -> Result<Vec<Place>, ListenerBuildError> {
        let invalid = |problem: String| Err(ListenerBuildError::InvalidTarget(problem));
        let control: Arc<str> = self.transport.options().control_exchange.as_str().into();
        let mut targets = Vec::new();
        for target in &self.targets {
            let Some(topic) = &target.topic else { return invalid("it has no topic".to_owned()) };
            if target.fanout || target.server.is_some() {
                return invalid(format!("{target} names more than exchange and topic"));
            }
            let target = (target.exchange.clone().unwrap_or(Arc::clone(&control)), Arc::clone(topic));
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
        if targets.is_empty() {
            targets.push((control, TOPIC.into()));
        }
        Ok(targets)
    }

    /// What is listened to: each target at each priority that some method takes.
    fn sources(&self, methods: &Methods) -> Result<Vec<Source>, ListenerBuildError> {
        let check = |what: &str, name: &str| {
            check_name(what, name).map_err(|reason| ListenerBuildError::InvalidTarget(reason.to_string()))
        };
        if let Some(pool) = &self.pool {
            check("the pool", pool)?;
        }
        let targets = self.targets()?;
        let mut sources = Vec::new();
        for (exchange, topic) in &targets {
            check("the exchange", exchange)?;
            check("the topic", topic)?;
            // A queue that serves several targets does not tell by which of them a message came.
            let of_pool = self.pool.is_some() && targets.len() > 1;
            let of_topic = targets.iter().filter(|(_, other)| other == topic).count() > 1;
            for priority in methods.priorities() {
                let queue = format!("{topic}.{priority}");
                check("the queue's name", &queue)?;
                sources.push(Source {
                    route: Route::Notification {
                        exchange: Arc::clone(exchange),
                        topic: Arc::clone(topic),
                        priority: priority.as_str().into(),
                        pool: self.pool.clone(),
                    },
                    exchange: if of_pool || of_topic { Arc::default() } else { Arc::clone(exchange) },
                    topic: if of_pool { Arc::default() } else { Arc::clone(topic) },
                    priority: if self.pool.is_some() { "" } else { priority.as_str() },
                    queue: self.pool.as_ref().map_or(queue, |pool| pool.to_string()),
                });
            }
        }
        if self.keeps_dead_letters() {
            for source in &sources {
                check("the name of the queue of dead letters", &format!("{}.dead", source.queue))?;
            }
        }
        Ok(sources)
    }

    /// Whether some notification may be moved to the queue of dead letters.
    fn keeps_dead_letters(&self) -> bool {
        let unfit = match self.unfit {
            UnfitPolicy::Requeue => !self.gives_back(),
            UnfitPolicy::DeadLetter => true,
            UnfitPolicy::Drop => false,
        };
        unfit || self.redelivery_limit.is_some() || self.dead_letter_malformed
    }

    fn label(&self) -> String {
        let topics: Vec<&str> = match &*self.targets {
            [] => vec![TOPIC],
            targets => targets.iter().filter_map(|target| target.topic.as_deref()).collect(),
        };
        let pool = self.pool.as_ref().map(|pool| format!(" in pool {pool}")).unwrap_or_default();
        format!("listener of {}{pool}", topics.join(", "))
    }
}
