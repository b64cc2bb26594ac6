//! Configuration as OpenStack services have it: oslo.config files and `OS_<GROUP>__<OPTION>` variables, turned into the
//! typed options of a transport. Connects nothing.

mod error;
mod file;
mod legacy;
mod loader;
mod notifications;
mod sources;
mod substitute;
#[cfg(test)]
mod tests;
mod unknown;

pub use error::ConfigError;
pub use loader::ConfigBuilder;
pub use unknown::UnknownOption;

use crate::drivers::rabbit::RabbitOptions;
use crate::notify::NotificationOptions;
use crate::transport::{TransportOptions, TransportUrl};
use notifications::Notifications;
use std::path::PathBuf;

/// What the files of a service say about messaging.
///
/// Read are `transport_url`, `control_exchange`, `rpc_response_timeout`, `executor_thread_pool_size` and
/// `rpc_ping_enabled` of `[DEFAULT]`, the options of `[oslo_messaging_rabbit]`, and, where there is no `transport_url`,
/// what came before it: `rpc_backend` with `rabbit_host`, `rabbit_hosts`, `rabbit_port`, `rabbit_userid`,
/// `rabbit_password` and `rabbit_virtual_host`. Of notifications, `driver` (once a driver), `topics`, `retry`,
/// `routing_config` and `transport_url` of `[oslo_messaging_notifications]`, and their older names. An option of messaging
/// that asks for something that is not there yet is an error; one that nothing knows is logged and listed in
/// [`unknown`](Self::unknown). Other options are not looked at.
///
/// Corresponds to the `ConfigOpts` that oslo.messaging is given. `Debug` shows no password.
///
/// ```
/// use oslo_messaging::config::Config;
///
/// // In a service: Config::from_files(["/etc/nova/nova.conf"])?
/// let config = Config::builder()
///     .environment([
///         ("OS_DEFAULT__TRANSPORT_URL", "rabbit://nova:s3cret@rabbit-1/nova"),
///         ("OS_OSLO_MESSAGING_RABBIT__AMQP_DURABLE_QUEUES", "true"),
///     ])
///     .load()?
///     .deny_unknown()?;
/// assert_eq!(config.transport_url().to_string(), "rabbit://nova:***@rabbit-1:5672/nova");
/// assert!(config.rabbit_options().durable_queues);
/// # Ok::<(), oslo_messaging::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    transport_url: TransportUrl,
    transport: TransportOptions,
    rabbit: RabbitOptions,
    notifications: Notifications,
    unknown: Vec<UnknownOption>,
}

impl Config {
    /// Reads `files`, the later ones over the earlier ones, and over them the environment of this process.
    ///
    /// Blocks on files. [`builder`](Self::builder) has directories and other environments.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its file and line.
    pub fn from_files(files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Result<Self, ConfigError> {
        let builder = files.into_iter().fold(Self::builder(), |builder, file| builder.file(file));
        builder.process_environment().load()
    }

    /// Collects files, directories and an environment to read.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// The broker to connect to; `rabbit://` unless set.
    pub fn transport_url(&self) -> &TransportUrl {
        &self.transport_url
    }

    /// Options that do not depend on the broker.
    pub fn transport_options(&self) -> &TransportOptions {
        &self.transport
    }

    /// Options of the RabbitMQ driver, those of the URL's query over those of the files.
    pub fn rabbit_options(&self) -> &RabbitOptions {
        &self.rabbit
    }

    /// Where notifications go and how; the options of `[oslo_messaging_notifications]`.
    pub fn notification_options(&self) -> &NotificationOptions {
        &self.notifications.options
    }

    /// The broker to send notifications to: that of `[oslo_messaging_notifications] transport_url`, else
    /// [`transport_url`](Self::transport_url).
    pub fn notification_transport_url(&self) -> &TransportUrl {
        self.notifications.transport.as_ref().map_or(&self.transport_url, |(url, _)| url)
    }

    /// Options of the RabbitMQ driver for notifications: those of the files, and over them those of the query of
    /// [`notification_transport_url`](Self::notification_transport_url).
    pub fn notification_rabbit_options(&self) -> &RabbitOptions {
        self.notifications.transport.as_ref().map_or(&self.rabbit, |(_, rabbit)| rabbit)
    }

    /// Options that were set and that nothing knows. Each was logged as a warning.
    pub fn unknown(&self) -> &[UnknownOption] {
        &self.unknown
    }

    /// This configuration, unless it has unknown options.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Unknown`] names them all.
    pub fn deny_unknown(self) -> Result<Self, ConfigError> {
        if self.unknown.is_empty() { Ok(self) } else { Err(ConfigError::Unknown(self.unknown)) }
    }
}

/// Whether `[DEFAULT]` has a messaging option of this name.
fn is_known_default(name: &str) -> bool {
    ["transport_url", "rpc_backend", "rpc_thread_pool_size"].contains(&name)
        || notifications::is_known(file::DEFAULT, name)
        || TransportOptions::NAMES.contains(&name)
}
