//! From a URL or a configuration to a transport: the one place that knows all rooms.

#[cfg(feature = "config")]
mod notifications;

#[cfg(feature = "memory")]
use crate::drivers::memory::{MemoryBroker, MemoryDriver};
use crate::transport::{OptionError, Scheme, Transport, TransportOptions, TransportUrl, TransportUrlError};

/// Everything that a transport can be told beside its URL; the defaults are oslo.messaging's.
///
/// ```
/// use oslo_messaging::ConnectOptions;
/// let mut options = ConnectOptions::default();
/// options.transport.control_exchange = "nova".to_owned();
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Whichever broker it is.
    pub transport: TransportOptions,
    /// For RabbitMQ. The URL's query overrides it, as in Python.
    #[cfg(feature = "rabbit")]
    pub rabbit: crate::drivers::rabbit::RabbitOptions,
}

/// A transport or a notifier cannot be made from a configuration.
#[cfg(feature = "config")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FromConfigError {
    /// The configuration cannot be read or used.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// Its transport cannot be made.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Its notifier cannot be made.
    #[error(transparent)]
    Notifier(#[from] crate::notify::NotifierBuildError),
}

/// A transport cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URL cannot be used.
    #[error(transparent)]
    Url(#[from] TransportUrlError),
    /// An option of the URL's query cannot be used.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The driver is not compiled in.
    #[error("`{scheme}` needs the feature `{feature}` of oslo-messaging, which is not compiled in")]
    DriverMissing {
        /// Scheme of the URL.
        scheme: Scheme,
        /// Feature to turn on.
        feature: &'static str,
    },
    /// The driver's thread could not be started.
    #[error("the driver could not be started: {0}")]
    Start(#[from] std::io::Error),
}

impl Transport {
    /// A transport to the broker of `url`. Returns at once: it connects in the background, and what is sent first waits
    /// for the connection until its own deadline. [`ready`](Self::ready) waits for it and says what is in the way.
    ///
    /// Corresponds to `oslo_messaging.get_rpc_transport`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use oslo_messaging::Transport;
    /// let transport = Transport::connect("memory://")?;
    /// transport.ready(std::time::Duration::from_secs(5)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A URL or an option in its query that cannot be used; nothing of the network.
    pub fn connect(url: impl AsRef<str>) -> Result<Self, ConnectError> {
        Self::connect_with(&url.as_ref().parse()?, ConnectOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[cfg_attr(
        not(any(feature = "rabbit", feature = "memory")),
        expect(unused_variables, reason = "without a driver nobody reads the options")
    )]
    pub fn connect_with(url: &TransportUrl, options: ConnectOptions) -> Result<Self, ConnectError> {
        match url.scheme() {
            #[cfg(feature = "rabbit")]
            Scheme::Rabbit => {
                let mut rabbit = options.rabbit;
                rabbit.apply_query(url)?;
                let mut transport = options.transport;
                transport.reply_retry_timeout =
                    rabbit.reply_retry_timeout.unwrap_or(transport.reply_retry_timeout);
                transport.mandatory_replies &= rabbit.direct_mandatory;
                let driver = crate::drivers::rabbit::RabbitDriver::connect(url, &rabbit)?;
                Ok(Self::new(std::sync::Arc::new(driver), transport))
            }
            #[cfg(feature = "memory")]
            Scheme::Memory => {
                let name = url.hosts().first().map_or("", |host| host.host.as_str());
                let driver = MemoryDriver::new(MemoryBroker::named(name));
                Ok(Self::new(std::sync::Arc::new(driver), options.transport))
            }
            #[allow(unreachable_patterns)]
            scheme => {
                let feature = match scheme {
                    Scheme::Memory => "memory",
                    _ => "rabbit",
                };
                Err(ConnectError::DriverMissing { scheme, feature })
            }
        }
    }

    /// A transport as the oslo.config file at `path` and the environment (`OS_<GROUP>__<OPTION>`) describe it. Options
    /// that nobody knows are logged with file and line; [`Config::deny_unknown`](crate::config::Config::deny_unknown)
    /// makes them an error.
    ///
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = oslo_messaging::Transport::from_config("/etc/nova/nova.conf")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A file that cannot be read, a value that an option cannot have, an option that asks for what is not there yet: with
    /// file, line and the option's name, never with a password.
    #[cfg(feature = "config")]
    pub fn from_config(path: impl Into<std::path::PathBuf>) -> Result<Self, FromConfigError> {
        let config = crate::config::Config::builder().file(path).process_environment().load()?;
        Ok(Self::with_config(&config)?)
    }

    /// A transport as `config` describes it.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    #[cfg(feature = "config")]
    pub fn with_config(config: &crate::config::Config) -> Result<Self, ConnectError> {
        let options = ConnectOptions {
            transport: config.transport_options().clone(),
            #[cfg(feature = "rabbit")]
            rabbit: config.rabbit_options().clone(),
        };
        Self::connect_with(config.transport_url(), options)
    }
}
