//! A Rust server of the tests' contracts on a transport of its own, as a process would have it.

use super::contract::{
    FunctionalEndpoint, LegacyEndpoint, Name1Endpoint, Ns1V2Endpoint, Ns1V3Endpoint, State,
};
use super::service::{Gates, Ran, Service};
use crate::journal::Journal;
use crate::wait::within;
use oslo_messaging::rpc::{RpcServer, RpcServerBuilder, ServerHandle, Stopped};
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use std::fmt;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running Rust server.
pub struct RustServer {
    transport: Transport,
    handle: ServerHandle,
    service: Service,
}

/// What a Rust server is started with.
pub struct RustServerBuilder {
    url: String,
    target: Target,
    journal: Journal<Ran>,
    options: Box<dyn FnOnce(RpcServerBuilder) -> RpcServerBuilder>,
}

impl RustServer {
    /// A server called `server` on `topic`, unless said otherwise.
    pub fn builder(url: &str, topic: &str, server: &str) -> RustServerBuilder {
        let (url, target) = (url.to_owned(), Target::server(topic, server));
        RustServerBuilder { url, target, journal: Journal::new(), options: Box::new(|builder| builder) }
    }

    /// What ran, in order.
    pub fn journal(&self) -> &Journal<Ran> {
        &self.service.journal
    }

    /// The first `count` requests of `method`, as soon as they run.
    pub async fn wait_for(&self, count: usize, method: &str) -> Vec<Ran> {
        let what = format!("{count} x {method} at the Rust server");
        self.journal().first(count, PATIENCE, &what, |ran| ran.method == method).await
    }

    /// How many requests of `method` ran so far.
    pub fn count(&self, method: &str) -> usize {
        self.journal().matching(|ran| ran.method == method).len()
    }

    /// What it holds.
    pub fn state(&self) -> State {
        self.service.state.lock().expect("no handler panics while it holds the state").clone()
    }

    /// Where its handlers wait.
    pub fn gates(&self) -> &Gates {
        &self.service.gates
    }

    /// The running server.
    pub fn handle(&self) -> &ServerHandle {
        &self.handle
    }

    /// Its transport.
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Stops it in order and closes its transport.
    pub async fn stop(self) -> Stopped {
        self.handle.stop();
        let stopped = within(PATIENCE, "the Rust server stops", self.handle.wait(PATIENCE)).await;
        self.transport.close(Duration::from_secs(10)).await;
        stopped
    }
}

impl RustServerBuilder {
    /// Exchange of the server's target.
    #[must_use]
    pub fn exchange(mut self, exchange: &str) -> Self {
        self.target = self.target.with_exchange(exchange);
        self
    }

    /// A journal shared with other servers.
    #[must_use]
    pub fn journal(mut self, journal: &Journal<Ran>) -> Self {
        self.journal = journal.clone();
        self
    }

    /// Options of the server itself.
    #[must_use]
    pub fn options(mut self, options: impl FnOnce(RpcServerBuilder) -> RpcServerBuilder + 'static) -> Self {
        self.options = Box::new(options);
        self
    }

    /// Starts it; returns when it listens.
    pub async fn start(self) -> RustServer {
        let Self { url, target, journal, options } = self;
        let transport = super::connect(&url);
        let service = Service::new(target.server.as_deref().unwrap_or_default(), journal);
        let builder = RpcServer::builder(&transport, target)
            .endpoint(FunctionalEndpoint::new(service.clone()))
            .endpoint(Name1Endpoint::new(service.clone()))
            .endpoint(Ns1V2Endpoint::new(service.clone()))
            .endpoint(Ns1V3Endpoint::new(service.clone()))
            .endpoint(LegacyEndpoint::new(service.clone()));
        let server = options(builder).build().unwrap_or_else(|e| panic!("{e}"));
        let handle = server.start().await.unwrap_or_else(|e| panic!("{e}"));
        RustServer { transport, handle, service }
    }
}

impl fmt::Debug for RustServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handle.fmt(f)
    }
}
