//! `RpcServer`: takes the requests of a topic, runs their handlers and answers.
//!
//! Dispatch is the contract room's; this room knows deliveries, slots, answers and the stop, on any broker.

mod address;
mod builder;
mod config;
mod duplicates;
mod error;
mod handle;
mod heartbeat;
mod intake;
mod missing;
mod ping;
mod reply;
mod run;
mod served;
mod signals;
mod stats;
mod work;

pub use builder::RpcServerBuilder;
pub use error::{BuildError, StartError};
pub use handle::{ServerHandle, Stopped};
pub use stats::ServerStats;

use crate::rpc::deadline::after;
use crate::target::Target;
use crate::transport::Transport;
use config::Config;
use run::{RequestSink, Run};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Serves endpoints at a topic: requests to the topic (shared with its other servers), to this server by name, and fanouts.
///
/// Corresponds to `oslo_messaging.RPCServer`. A request is acknowledged when its handler begins, so a crash loses what was
/// running and nothing else; what is delivered twice within a window is run once.
pub struct RpcServer {
    config: Arc<Config>,
    current: Mutex<Current>,
}

/// What stands in the way of another start.
enum Current {
    None,
    Starting,
    Started(ServerHandle),
}

impl RpcServer {
    /// Begins the description of a server at `target`, which needs a topic and a server name.
    pub fn builder(transport: &Transport, target: Target) -> RpcServerBuilder {
        RpcServerBuilder::new(transport, target)
    }

    fn new(config: Config) -> Self {
        Self { config: Arc::new(config), current: Mutex::new(Current::None) }
    }

    /// Where it serves.
    pub fn target(&self) -> &Target {
        &self.config.target
    }

    /// Starts; returns when the broker has its consumers. Handlers run on the current tokio runtime. A stopped server can
    /// be started again. Dropping the future leaves nothing started.
    ///
    /// # Errors
    /// When the broker cannot be reached in time or refuses the server's queues, and when it is running already.
    pub async fn start(&self) -> Result<ServerHandle, StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let starting = Starting::begin(&self.current)?;
        let config = Arc::clone(&self.config);
        let driver = Arc::clone(config.transport.driver());
        if !driver.capabilities().rpc {
            let driver = driver.name();
            return Err(crate::transport::DriverError::Unsupported { driver, capability: "RPC" }.into());
        }
        let deadline = Some(after(Instant::now(), config.start_timeout).into_std());
        let subscription = config.subscription();
        let run = Arc::new(Run::new(config, runtime.clone()));
        let consumer =
            driver.subscribe(subscription, Arc::new(RequestSink(Arc::clone(&run))), deadline).await?;
        runtime.spawn(Arc::clone(&run).supervise(consumer));
        tracing::info!(server = %self.config.target, concurrency = self.config.concurrency, "server started");
        let handle = ServerHandle::new(run);
        starting.done(&handle);
        Ok(handle)
    }

    /// Starts, serves until the process is asked to end (Ctrl-C or SIGTERM) or the server is stopped, and stops in order.
    /// A second Ctrl-C gives running handlers no more time.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when signals cannot be listened to.
    pub async fn run(&self) -> Result<Stopped, StartError> {
        let handle = self.start().await?;
        Ok(handle.until_signal().await?)
    }
}

impl fmt::Debug for RpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RpcServer").field("target", &self.config.target).finish_non_exhaustive()
    }
}

/// Keeps a server from being started twice at a time; undone when the start fails or is dropped.
struct Starting<'a> {
    current: &'a Mutex<Current>,
}

impl<'a> Starting<'a> {
    fn begin(current: &'a Mutex<Current>) -> Result<Self, StartError> {
        let mut state = current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            Current::Started(handle) if !handle.has_stopped() => Err(StartError::AlreadyRunning),
            Current::Starting => Err(StartError::AlreadyRunning),
            Current::None | Current::Started(_) => {
                *state = Current::Starting;
                Ok(Self { current })
            }
        }
    }

    fn done(self, handle: &ServerHandle) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Current::Started(handle.clone());
    }
}

impl Drop for Starting<'_> {
    fn drop(&mut self) {
        let mut state = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, Current::Starting) {
            *state = Current::None;
        }
    }
}
