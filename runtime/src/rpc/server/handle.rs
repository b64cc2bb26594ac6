//! What a started server is held by.

use super::run::Run;
use super::stats::ServerStats;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A running server. Cheap to clone; a handler that wants to stop its server keeps a clone in its own state.
///
/// Dropping it leaves the server running.
///
/// ```
/// # use oslo_messaging::contract::{DynEndpoint, DynRequest};
/// # use oslo_messaging::{RemoteFailure, RpcServer, Target, Transport};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let transport = Transport::connect("memory://server-handle")?;
/// # let echo = DynEndpoint::new(async |request: DynRequest| Ok::<_, RemoteFailure>(request.args.into()));
/// # let server = RpcServer::builder(&transport, Target::server("echo", "host-1")).endpoint(echo).build()?;
/// let handle = server.start().await?;
/// handle.stop();
/// let stopped = handle.wait(Duration::from_secs(10)).await;
/// assert_eq!((stopped.aborted, stopped.returned_to_queue), (0, 0));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServerHandle {
    run: Arc<Run>,
}

/// How a server ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stopped {
    /// Handlers that were running when the stop began and finished. Their answers were sent, unless `unanswered` says
    /// otherwise.
    pub finished: usize,
    /// Requests that had been delivered but not begun, and went back to their queues.
    pub returned_to_queue: usize,
    /// Fanout casts that had been delivered but not begun; they go with this server's own queue.
    pub fanouts_dropped: usize,
    /// Answers of handlers that finished, before the stop or after it began, which the broker did not have when the limit
    /// passed: their queue is missing, or the confirmation. They may still be sent while the transport lives.
    pub unanswered: usize,
    /// Handlers that got no more time. They end at their next await; their callers get no answer.
    pub aborted: usize,
}

impl ServerHandle {
    pub(super) fn new(run: Arc<Run>) -> Self {
        Self { run }
    }

    /// Begins the stop and returns at once: no further request is taken, running handlers finish and answer. Its end is
    /// what [`wait`](Self::wait) waits for.
    ///
    /// A handler may call it; its own answer is still sent. Called again it does nothing. Unlike Python's
    /// `MessageHandlingServer.stop`, it first cancels the consumers, so that no request is taken and then lost.
    pub fn stop(&self) {
        self.run.stop();
    }

    /// Waits until the server has stopped and says how it went. Does not begin the stop.
    ///
    /// Handlers that still run `limit` after the stop began get no more time; neither do they after the `stop_limit` that
    /// the server was built with. Called by a handler it waits for that handler itself. Dropping the future changes nothing.
    ///
    /// Corresponds to `MessageHandlingServer.wait`.
    pub async fn wait(&self, limit: Duration) -> Stopped {
        self.run.life.wait(limit).await
    }

    /// Runs until the process is asked to end (Ctrl-C or SIGTERM) or the server is stopped, then stops in order. A second
    /// Ctrl-C gives running handlers no more time.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub async fn until_signal(&self) -> std::io::Result<Stopped> {
        self.run.life.until_signal(|| self.stop()).await
    }

    /// What this run has done so far.
    pub fn stats(&self) -> ServerStats {
        self.run.stats()
    }

    pub(super) fn has_stopped(&self) -> bool {
        self.run.life.has_ended()
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("server", &self.run.config.target)
            .field("life", &self.run.life)
            .finish_non_exhaustive()
    }
}
