//! From a configuration to the transport and the notifier for notifications.

use super::{ConnectError, ConnectOptions, FromConfigError};
use crate::config::Config;
use crate::notify::{
    DriverName, LogDriver, MessagingDriver, NoopDriver, NotificationOptions, Notifier, NotifierBuildError,
    NotifierBuilder, NotifyDriver, RoutingDriver,
};
use crate::testing::TestDriver;
use crate::transport::Transport;
use std::sync::Arc;

impl Transport {
    /// The transport for notifications that `config` describes: that of `[oslo_messaging_notifications] transport_url`,
    /// else a second one to the broker of RPC. Returns at once, as [`connect`](Self::connect).
    ///
    /// Corresponds to `oslo_messaging.get_notification_transport`.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn notifications_from_config(config: &Config) -> Result<Self, ConnectError> {
        let options = ConnectOptions {
            transport: config.transport_options().clone(),
            rabbit: config.notification_rabbit_options().clone(),
        };
        Self::connect_with(config.notification_transport_url(), options)
    }
}

impl Notifier {
    /// A notifier as `config` describes it, on a transport of its own if one of its drivers needs any. Blocks while it
    /// reads the file of the driver `routing`, if that is used.
    ///
    /// For one on a transport that is there already: [`NotifierBuilder::options`].
    ///
    /// Corresponds to `Notifier(get_notification_transport(conf), publisher_id)`.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use oslo_messaging::{Context, config::Config, notify::Notifier};
    /// let config = Config::from_files(["/etc/nova/nova.conf"])?;
    /// let notifier = Notifier::from_config(&config, "compute.host-1")?;
    /// notifier.info(&Context::new(), "compute.instance.create.end", &serde_json::json!({"id": 7})).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A URL that cannot be used, topics that no broker can hold, or the file of the driver `routing`, with its line.
    pub fn from_config(config: &Config, publisher_id: &str) -> Result<Self, FromConfigError> {
        let options = config.notification_options();
        let builder = match options.drivers.iter().any(|driver| driver.needs_transport()) {
            true => Self::builder(&Transport::notifications_from_config(config)?),
            false => Self::without_transport(),
        };
        Ok(builder.options(options)?.publisher_id(publisher_id).build()?)
    }
}

impl NotifierBuilder {
    /// Takes topics, retry and drivers from a configuration, in place of a default driver; with the drivers named before
    /// and after. `test` is [`TestDriver::shared`]. The driver `routing` gives to `messaging`, `messagingv2`, `log`, `test`
    /// and `noop`. Blocks while it reads that driver's file.
    ///
    /// # Errors
    /// A driver that needs a transport where there is none, or the rules of the driver `routing`.
    pub fn options(self, options: &NotificationOptions) -> Result<Self, NotifierBuildError> {
        let transport = self.transport().cloned();
        let mut builder = self.topics(options.topics.iter().map(String::as_str)).only_named_drivers();
        if let Some(retry) = options.retry {
            builder = builder.retry(retry);
        }
        for name in &options.drivers {
            let driver = driver(*name, transport.as_ref(), options)?;
            builder = builder.shared_driver(driver);
        }
        Ok(builder)
    }
}

fn driver(
    name: DriverName,
    transport: Option<&Transport>,
    options: &NotificationOptions,
) -> Result<Arc<dyn NotifyDriver>, NotifierBuildError> {
    let needed = || transport.ok_or(NotifierBuildError::NoTransport { driver: name.as_str() });
    Ok(match name {
        DriverName::Messaging => Arc::new(MessagingDriver::v1(needed()?)),
        DriverName::MessagingV2 => Arc::new(MessagingDriver::v2(needed()?)),
        DriverName::Log => Arc::new(LogDriver),
        DriverName::Test => Arc::new(TestDriver::shared()),
        DriverName::Noop => Arc::new(NoopDriver),
        DriverName::Routing => Arc::new(routing(transport, options)?),
    })
}

/// The driver `routing` between all others that a configuration can name.
fn routing(
    transport: Option<&Transport>,
    options: &NotificationOptions,
) -> Result<RoutingDriver, NotifierBuildError> {
    let Some(path) = &options.routing_config else { return Err(NotifierBuildError::NoRoutingConfig) };
    let mut drivers = Vec::new();
    for name in DriverName::ALL {
        let can_be = transport.is_some() || !name.needs_transport();
        if name != DriverName::Routing && can_be {
            drivers.push((name.as_str(), driver(name, transport, options)?));
        }
    }
    Ok(RoutingDriver::from_file(path, drivers)?)
}
