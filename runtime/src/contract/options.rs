//! What a client or one pending call asks for, over what the contract says.

use super::invoke::SendOptions;
use super::serializer::Serializer;
use crate::context::Context;
use crate::version::Version;
use std::sync::Arc;
use std::time::Duration;

/// Options of a client or of one pending call, each overriding what the contract and the client's target say.
///
/// Corresponds to the arguments of `RPCClient.prepare`.
///
/// ```
/// use oslo_messaging::contract::CallOptions;
/// use oslo_messaging::version::Version;
/// use std::time::Duration;
///
/// let options = CallOptions::default()
///     .server("host-1")
///     .timeout(Duration::from_secs(5))
///     .version_cap(Version::new(5, 2));
/// assert!(options.can_send_version(Version::new(5, 1)));
/// assert!(!options.can_send_version(Version::new(5, 3)));
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    pub(crate) exchange: Option<Arc<str>>,
    pub(crate) topic: Option<Arc<str>>,
    pub(crate) namespace: Option<Option<Arc<str>>>,
    pub(crate) version: Option<Version>,
    pub(crate) server: Option<Arc<str>>,
    pub(crate) fanout: Option<bool>,
    pub(crate) context: Option<Context>,
    pub(crate) serializer: Option<Arc<dyn Serializer>>,
    pub(crate) send: SendOptions,
}

/// Writes the options that clients and pending values share, once, over a method `adjust(self, FnOnce(&mut CallOptions))`.
macro_rules! option_setters {
    () => {
        /// Sends to this exchange instead of the target's or the transport's `control_exchange`.
        pub fn exchange(self, exchange: impl AsRef<str>) -> Self {
            self.adjust(|options| options.exchange = Some(exchange.as_ref().into()))
        }

        /// Sends to this topic instead of the target's.
        pub fn topic(self, topic: impl AsRef<str>) -> Self {
            self.adjust(|options| options.topic = Some(topic.as_ref().into()))
        }

        /// Asks for this namespace instead of the contract's. See also [`null_namespace`](Self::null_namespace).
        pub fn namespace(self, namespace: impl AsRef<str>) -> Self {
            self.adjust(|options| options.namespace = Some(Some(namespace.as_ref().into())))
        }

        /// Sends without a namespace, whatever the contract says.
        pub fn null_namespace(self) -> Self {
            self.adjust(|options| options.namespace = Some(None))
        }

        /// Sends exactly this version, whatever the request needs. Without it the lowest version that has the method
        /// and the arguments that are set is sent.
        pub fn version(self, version: $crate::version::Version) -> Self {
            self.adjust(|options| options.version = Some(version))
        }

        /// Sends to one server of the topic; a cast that the contract fans out then goes to this server only.
        pub fn server(self, server: impl AsRef<str>) -> Self {
            self.adjust(|options| options.server = Some(server.as_ref().into()))
        }

        /// How long a call waits for its answer, from the moment it is first polled; 60 s where nothing else is said.
        pub fn timeout(self, timeout: std::time::Duration) -> Self {
            self.adjust(|options| options.send.timeout = Some(timeout))
        }

        /// Fails what needs a newer version than this before it is sent: the pin of a rolling upgrade. Optional
        /// arguments marked `drop` are left out instead.
        pub fn version_cap(self, cap: $crate::version::Version) -> Self {
            self.adjust(|options| options.send.version_cap = Some(cap))
        }

        /// Failed connection attempts to bear before giving up; without it, sending waits until the deadline.
        /// 0 is one attempt.
        pub fn retry(self, retry: u32) -> Self {
            self.adjust(|options| options.send.retry = Some(retry))
        }

        /// Asks the server for signs of life and gives the call up when none came for this long.
        ///
        /// Python servers send nothing below 2 s, and leak a thread for each monitored call that they refuse.
        pub fn call_monitor(self, silence: std::time::Duration) -> Self {
            self.adjust(|options| options.send.call_monitor = Some(silence))
        }
    };
}
pub(super) use option_setters;

#[allow(clippy::return_self_not_must_use)]
impl CallOptions {
    option_setters!();

    fn adjust(mut self, f: impl FnOnce(&mut Self)) -> Self {
        f(&mut self);
        self
    }

    /// Whether casts go to every server of the topic. A call through a client with this set is refused.
    pub fn fanout(mut self, fanout: bool) -> Self {
        self.fanout = Some(fanout);
        self
    }

    /// The context of methods whose signature has none.
    pub fn context(mut self, context: &Context) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// Translates arguments, results and contexts between the client's forms and the wire's.
    pub fn serializer(mut self, serializer: Arc<dyn Serializer>) -> Self {
        self.serializer = Some(serializer);
        self
    }

    /// Whether a request that needs `version` may be sent under the version cap.
    ///
    /// Corresponds to `RPCClient.can_send_version`.
    pub fn can_send_version(&self, version: Version) -> bool {
        self.send.version_cap.is_none_or(|cap| cap.serves(version))
    }

    /// The timeout that applies: what was asked for, or else the contract's.
    pub(super) fn timeout_over(
        &self,
        method: Option<Duration>,
        endpoint: Option<Duration>,
    ) -> Option<Duration> {
        self.send.timeout.or(method).or(endpoint)
    }
}
