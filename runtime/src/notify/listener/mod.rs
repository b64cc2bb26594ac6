//! `Listener`: takes the notifications of topics and calls the methods that want them.
//!
//! Knows deliveries, slots, methods and what becomes of a notification, on any broker.

mod batch;
mod builder;
mod call;
mod collector;
mod config;
mod copies;
mod error;
mod filter;
mod guard;
mod handle;
mod letter;
mod methods;
mod past;
mod resend;
mod run;
mod settle;
mod single;
mod stats;

pub use builder::ListenerBuilder;
pub use config::UnfitPolicy;
pub use error::{ListenerBuildError, ListenerStartError};
pub use handle::{ListenerHandle, Stopped};
pub use stats::ListenerStats;

use crate::serving::{Starts, after, supervised};
use crate::transport::Transport;
use config::Config;
use run::{NotificationSink, Run};
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Takes the notifications of one or more topics and calls every method of its endpoints that wants them, one after the
/// other; the first that asks for a notification again, or fails, ends that.
///
/// Corresponds to `oslo_messaging.get_notification_listener`. A notification is acknowledged after it was handled, so a
/// crash loses none: each is handled at least once. What is delivered twice within a window and was handled is dropped.
///
/// ```
/// use oslo_messaging::notify::{Event, Listener, Notifier, Priority, handler_fn};
/// use oslo_messaging::{Context, Target, Transport};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://listener-doc")?;
/// let (seen, mut events) = tokio::sync::mpsc::unbounded_channel();
/// let listener = Listener::builder(&transport)
///     .target(Target::topic("notifications"))
///     .endpoint(handler_fn(&[Priority::Info], move |event: Event| {
///         let seen = seen.clone();
///         async move { seen.send(event.event_type) }
///     }))
///     .build()?;
/// let running = listener.start().await?;
///
/// let notifier = Notifier::builder(&transport).build()?;
/// notifier.info(&Context::new(), "compute.instance.create.end", &"web").await?;
/// assert_eq!(events.recv().await.as_deref(), Some("compute.instance.create.end"));
///
/// running.stop();
/// running.wait(Duration::from_secs(5)).await;
/// assert_eq!(running.stats().handled, 1);
/// # Ok(())
/// # }
/// ```
pub struct Listener {
    config: Arc<Config>,
    starts: Starts<ListenerHandle>,
}

impl Listener {
    /// Begins the description of a listener.
    pub fn builder(transport: &Transport) -> ListenerBuilder {
        ListenerBuilder::new(transport)
    }

    fn new(config: Config) -> Self {
        Self { config: Arc::new(config), starts: Starts::new() }
    }

    /// Starts; returns when the broker has its consumers. Handlers run on the current tokio runtime, and the listener ends
    /// with it. A stopped listener can be started again. Dropping the future leaves nothing started.
    ///
    /// # Errors
    /// When the broker cannot be reached in time or refuses the listener's queues, and when it is running already.
    pub async fn start(&self) -> Result<ListenerHandle, ListenerStartError> {
        let runtime = Handle::try_current().map_err(|_| ListenerStartError::NoRuntime)?;
        let begun = self.starts.begin(ListenerHandle::has_stopped);
        let starting = begun.ok_or(ListenerStartError::AlreadyRunning)?;
        let config = Arc::clone(&self.config);
        let driver = Arc::clone(config.transport.driver());
        let deadline = Some(after(Instant::now(), config.start_timeout).into_std());
        let subscription = config.subscription();
        let run = Arc::new(Run::new(config, runtime.clone()));
        let sink = Arc::new(NotificationSink(Arc::clone(&run)));
        let consumer = driver.subscribe(subscription, sink, deadline).await?;
        runtime.spawn(supervised(Arc::clone(&run), Arc::clone(&run).supervise(consumer)));
        tracing::info!(
            listener = self.config.label,
            queues = self.config.sources.len(),
            concurrency = self.config.concurrency,
            "listener started"
        );
        let handle = ListenerHandle::new(run);
        starting.done(handle.clone());
        Ok(handle)
    }

    /// Starts, listens until the process is asked to end (Ctrl-C or SIGTERM) or the listener is stopped, and stops in
    /// order. A second Ctrl-C gives running handlers no more time.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when signals cannot be listened to.
    pub async fn run(&self) -> Result<Stopped, ListenerStartError> {
        let handle = self.start().await?;
        Ok(handle.until_signal().await?)
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("label", &self.config.label).finish_non_exhaustive()
    }
}
