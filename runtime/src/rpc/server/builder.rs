//! Describes a server before it is built.

use super::RpcServer;
use super::config::{Config, listen};
use super::error::BuildError;
use super::ping::PingEndpoint;
use crate::contract::{DiscoverError, Dispatcher, Endpoint, Serializer, discover};
use crate::target::Target;
use crate::transport::Transport;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

/// How long a stop gives running handlers unless told otherwise: as long as callers wait by default.
const STOP_LIMIT: Duration = Duration::from_secs(60);

/// Describes an [`RpcServer`]; made by [`RpcServer::builder`].
///
/// ```
/// use oslo_messaging::contract::{DynEndpoint, DynRequest};
/// use oslo_messaging::{RemoteFailure, RpcServer, Target, Transport};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://rpc-server-builder")?;
/// let echo = DynEndpoint::new(async |request: DynRequest| Ok::<_, RemoteFailure>(request.args.into()));
/// let server = RpcServer::builder(&transport, Target::server("echo", "host-1"))
///     .endpoint(echo)
///     .concurrency(8)
///     .ping(true)
///     .stop_limit(Duration::from_secs(10))
///     .build()?;
/// assert_eq!(server.target().to_string(), "<Target exchange=openstack, topic=echo, server=host-1>");
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct RpcServerBuilder {
    transport: Transport,
    target: Target,
    endpoints: Vec<Arc<dyn Endpoint>>,
    shadowing: bool,
    serializer: Option<Arc<dyn Serializer>>,
    concurrency: usize,
    prefetch: Option<u16>,
    ping: bool,
    stop_limit: Duration,
    start_timeout: Duration,
    reply_retry: Duration,
}

impl RpcServerBuilder {
    pub(super) fn new(transport: &Transport, target: Target) -> Self {
        let options = transport.options();
        Self {
            target,
            endpoints: Vec::new(),
            shadowing: false,
            serializer: None,
            concurrency: options.executor_thread_pool_size,
            prefetch: None,
            ping: options.rpc_ping_enabled,
            stop_limit: STOP_LIMIT,
            start_timeout: options.rpc_response_timeout,
            reply_retry: options.reply_retry_timeout,
            transport: transport.clone(),
        }
    }

    /// Serves an endpoint: a generated `<Trait>Endpoint`, or a `DynEndpoint`. The first that has a request's namespace,
    /// version and method serves it.
    pub fn endpoint(self, endpoint: impl Endpoint) -> Self {
        self.shared_endpoint(Arc::new(endpoint))
    }

    /// Serves an endpoint that others hold too.
    pub fn shared_endpoint(mut self, endpoint: Arc<dyn Endpoint>) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// Serves every implementation marked [`#[register]`](macro@crate::register) that is linked into this program, built
    /// out of `state`.
    ///
    /// # Errors
    /// When one of them wants a state of another type; the error names all of those.
    pub fn discover<T: Any>(mut self, state: &T) -> Result<Self, DiscoverError> {
        self.endpoints.extend(discover(state)?);
        Ok(self)
    }

    /// How many handlers run at a time; what else is delivered waits unacknowledged. Default 64.
    ///
    /// Corresponds to `executor_thread_pool_size`.
    pub fn concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = handlers;
        self
    }

    /// How many unacknowledged requests the broker delivers at a time to each of the server's three queues; 0 is no limit.
    /// Default: as many as the concurrency, so that little waits here that another server could have.
    ///
    /// Corresponds to `rabbit_qos_prefetch_count`, which comes first where a configuration or a URL sets it.
    pub fn prefetch(mut self, requests: u16) -> Self {
        self.prefetch = Some(requests);
        self
    }

    /// Lets an endpoint hide methods of a later one, as Python does silently.
    pub fn allow_shadowing(mut self) -> Self {
        self.shadowing = true;
        self
    }

    /// Translates arguments, results and contexts between this server's forms and the wire's.
    pub fn serializer(mut self, serializer: impl Serializer) -> Self {
        self.serializer = Some(Arc::new(serializer));
        self
    }

    /// Whether `oslo_rpc_server_ping` is answered. Default: the transport's `rpc_ping_enabled`, which is off.
    pub fn ping(mut self, enabled: bool) -> Self {
        self.ping = enabled;
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

    /// How long a reply is sent again whose queue is missing. Default: the transport's `reply_retry_timeout`, 60 s.
    ///
    /// Corresponds to `kombu_missing_consumer_retry_timeout`.
    pub fn missing_reply_queue_timeout(mut self, timeout: Duration) -> Self {
        self.reply_retry = timeout;
        self
    }

    /// Builds the server. Nothing is sent before it is started.
    ///
    /// # Errors
    /// When the target cannot be served, there is no endpoint, or one hides methods of another.
    pub fn build(self) -> Result<RpcServer, BuildError> {
        let Self { transport, mut target, mut endpoints, .. } = self;
        if target.exchange.is_none() {
            target.exchange = Some(transport.options().control_exchange.as_str().into());
        }
        let routes = listen(&target)?;
        if self.ping {
            endpoints.push(Arc::new(PingEndpoint));
        }
        if endpoints.is_empty() {
            return Err(BuildError::NoEndpoint);
        }
        if self.concurrency == 0 {
            return Err(BuildError::NoConcurrency);
        }
        let dispatcher =
            if self.shadowing { Dispatcher::with_shadowing(endpoints) } else { Dispatcher::new(endpoints)? };
        Ok(RpcServer::new(Config {
            transport,
            target,
            dispatcher: dispatcher.serializer(self.serializer),
            concurrency: self.concurrency,
            prefetch: self.prefetch.unwrap_or(u16::try_from(self.concurrency).unwrap_or(u16::MAX)),
            stop_limit: self.stop_limit,
            start_timeout: self.start_timeout,
            reply_retry: self.reply_retry,
            routes,
        }))
    }
}
