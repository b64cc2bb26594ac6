//! `RpcServer`: takes the requests of a topic, runs their handlers and answers.
//!
//! Dispatch is the contract room's; this room knows deliveries, slots, answers and the stop, on any broker.

mod address;
mod backlog;
mod builder;
mod config;
mod duplicates;
mod error;
mod handle;
mod heartbeat;
mod missing;
mod ping;
mod reply;
mod run;
mod served;
mod stats;
mod work;

pub use builder::RpcServerBuilder;
pub use error::{BuildError, StartError};
pub use handle::{ServerHandle, Stopped};
pub use stats::ServerStats;

use crate::serving::{Starts, after, supervised};
use crate::target::Target;
use crate::transport::Transport;
use config::Config;
use run::{RequestSink, Run};
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Serves endpoints at a topic: requests to the topic (shared with its other servers), to this server by name, and fanouts.
///
/// Corresponds to `oslo_messaging.RPCServer`. A request is acknowledged when its handler begins, so a crash loses what was
/// running and nothing else; what is delivered twice within a window is run once.
///
/// ```
/// use oslo_messaging::{RemoteFailure, RpcServer, Target, Transport, endpoint};
/// use std::time::Duration;
///
/// #[endpoint(version = "1.0")]
/// trait Names {
///     async fn host(&self) -> Result<String, RemoteFailure>;
/// }
///
/// struct Host;
///
/// impl Names for Host {
///     async fn host(&self) -> Result<String, RemoteFailure> {
///         Ok("host-1".to_owned())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://rpc-server")?;
/// let server = RpcServer::builder(&transport, Target::server("names", "host-1"))
///     .endpoint(NamesEndpoint::new(Host))
///     .build()?;
/// let handle = server.start().await?;
/// assert_eq!(NamesClient::new(&transport, Target::topic("names")).host().await?, "host-1");
///
/// handle.stop();
/// handle.wait(Duration::from_secs(10)).await;
/// # Ok(()) }
/// ```
pub struct RpcServer {
    config: Arc<Config>,
    starts: Starts<ServerHandle>,
}

impl RpcServer {
    /// Begins the description of a server at `target`, which needs a topic and a server name.
    pub fn builder(transport: &Transport, target: Target) -> RpcServerBuilder {
        RpcServerBuilder::new(transport, target)
    }

    fn new(config: Config) -> Self {
        Self { config: Arc::new(config), starts: Starts::new() }
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
        let starting = self.starts.begin(ServerHandle::has_stopped).ok_or(StartError::AlreadyRunning)?;
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
        runtime.spawn(supervised(Arc::clone(&run), Arc::clone(&run).supervise(consumer)));
        tracing::info!(server = %self.config.target, concurrency = self.config.concurrency, "server started");
        let handle = ServerHandle::new(run);
        starting.done(handle.clone());
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
