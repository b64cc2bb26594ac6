//! Describes a notifier before it is built.

use super::stats::NotifierCounters;
use super::{Notifier, Shared};
use crate::notify::driver::NotifyDriver;
use crate::notify::messaging::MessagingDriver;
use crate::transport::Transport;
use std::sync::Arc;
use std::time::Duration;

/// The topic that is used where none is named, as Python's.
const TOPIC: &str = "notifications";
/// How long a send may take where there is no transport to say it.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest name of a queue that AMQP can carry, in bytes.
const LONGEST_NAME: usize = 255;

/// Describes a [`Notifier`]; made by [`Notifier::builder`].
///
/// ```
/// use oslo_messaging::notify::{LogDriver, MessagingDriver, Notifier};
/// use oslo_messaging::{Context, Transport};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://notifier-builder")?;
/// let notifier = Notifier::builder(&transport)
///     .publisher_id("compute.host-1")
///     .topics(["notifications", "audit"])
///     .driver(MessagingDriver::v2(&transport))
///     .driver(LogDriver)
///     .timeout(Duration::from_secs(10))
///     .build()?;
/// notifier.info(&Context::new(), "compute.instance.create.end", &"web").await?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct NotifierBuilder {
    transport: Option<Transport>,
    publisher_id: Option<Arc<str>>,
    topics: Vec<Arc<str>>,
    drivers: Vec<Arc<dyn NotifyDriver>>,
    disabled: bool,
    only_named: bool,
    retry: Option<u32>,
    timeout: Option<Duration>,
    context_fields: Vec<String>,
}

/// A notifier cannot be built as described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotifierBuildError {
    /// A topic whose queues no broker can hold.
    #[error("topic `{topic}`: {problem}")]
    Topic {
        /// The topic, shortened.
        topic: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A driver that sends to a broker where there is no transport.
    #[error("the notification driver `{driver}` needs a transport")]
    NoTransport {
        /// The driver.
        driver: &'static str,
    },
    /// The driver `routing` without its rules.
    #[error("the notification driver `routing` needs the option `routing_config`")]
    NoRoutingConfig,
    /// The rules of the driver `routing`.
    #[cfg(feature = "config")]
    #[error("routing of notifications: {0}")]
    Routing(#[from] crate::notify::RoutingError),
}

impl NotifierBuilder {
    pub(super) fn new(transport: Option<&Transport>) -> Self {
        let timeout = transport.map_or(TIMEOUT, |transport| transport.options().rpc_response_timeout);
        Self {
            transport: transport.cloned(),
            publisher_id: None,
            topics: Vec::new(),
            drivers: Vec::new(),
            disabled: false,
            only_named: false,
            retry: None,
            timeout: Some(timeout),
            context_fields: Vec::new(),
        }
    }

    /// Who sends, such as `compute.host-1`. Without it notifications carry none.
    pub fn publisher_id(mut self, publisher_id: &str) -> Self {
        self.publisher_id = Some(publisher_id.into());
        self
    }

    /// A topic to send to; each gets a copy. Default: `notifications`. Corresponds to `topics`.
    pub fn topic(mut self, topic: &str) -> Self {
        self.topics.push(topic.into());
        self
    }

    /// Topics to send to, in place of those named before.
    pub fn topics<T: Into<Arc<str>>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.topics = topics.into_iter().map(Into::into).collect();
        self
    }

    /// A driver; each gets every notification. Default: [`MessagingDriver::v2`] on the transport.
    pub fn driver(self, driver: impl NotifyDriver) -> Self {
        self.shared_driver(Arc::new(driver))
    }

    /// A driver that others hold too.
    pub fn shared_driver(mut self, driver: Arc<dyn NotifyDriver>) -> Self {
        self.drivers.push(driver);
        self
    }

    /// No driver at all: notifications go nowhere, and [`Notifier::is_enabled`] is false. Python's default.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }

    /// No driver but those named, not even where none is.
    #[cfg(feature = "config")]
    pub(crate) fn only_named_drivers(mut self) -> Self {
        self.only_named = true;
        self
    }

    /// The transport that it was begun with.
    #[cfg(feature = "config")]
    pub(crate) fn transport(&self) -> Option<&Transport> {
        self.transport.as_ref()
    }

    /// How often a send is tried again after a failure that may pass; default no limit within the timeout. Corresponds to
    /// `retry`, where -1 is [`no_retry_limit`](Self::no_retry_limit).
    pub fn retry(mut self, retry: u32) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Lets a send be tried again as often as the timeout allows, whatever a configuration said.
    pub fn no_retry_limit(mut self) -> Self {
        self.retry = None;
        self
    }

    /// How long a send may take, to a quarter of a second. Default: the transport's `rpc_response_timeout`, 60 s. Python
    /// waits for ever.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Lets sends wait for the broker as long as it takes, as Python does.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// Lets an entry of the context go out that is not among those which Python sends. Whoever may read the notifications
    /// can read it.
    pub fn context_field(mut self, name: impl Into<String>) -> Self {
        self.context_fields.push(name.into());
        self
    }

    /// Builds the notifier. Nothing is sent before the first notification.
    ///
    /// # Errors
    /// When a topic cannot be one.
    pub fn build(self) -> Result<Notifier, NotifierBuildError> {
        let mut topics = self.topics;
        if topics.is_empty() {
            topics.push(TOPIC.into());
        }
        for topic in &topics {
            check(topic)?;
        }
        let mut drivers = self.drivers;
        let by_default = drivers.is_empty() && !self.disabled && !self.only_named;
        if let (Some(transport), true) = (&self.transport, by_default) {
            drivers.push(Arc::new(MessagingDriver::v2(transport)));
        }
        if self.disabled {
            drivers.clear();
        }
        let shared = Shared {
            drivers,
            topics: topics.into(),
            context_fields: self.context_fields,
            timeout: self.timeout,
            counters: NotifierCounters::default(),
        };
        Ok(Notifier { shared: Arc::new(shared), publisher_id: self.publisher_id, retry: self.retry })
    }
}

fn check(topic: &str) -> Result<(), NotifierBuildError> {
    // The longest priority is `critical`.
    let problem = if topic.is_empty() {
        "it is empty"
    } else if topic.len() + ".critical".len() > LONGEST_NAME {
        "its queues' names would be over 255 bytes"
    } else if topic.contains('\0') {
        "it contains a zero byte"
    } else {
        return Ok(());
    };
    Err(NotifierBuildError::Topic { topic: topic.chars().take(64).collect(), problem })
}
