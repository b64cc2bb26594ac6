//! Where the driver's I/O runs: a thread of its own by default, so that handlers which block every worker of the user's
//! runtime cannot cost the connection; or the user's runtime, when asked for.
//! The thread alone rests between its rounds: the user's runtime has other work.

use super::pace::Pace;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long the thread outlives the driver. lapin polls its sockets on this runtime from a thread of its own, whose end
/// nobody can wait for; it follows the end of its connection at once.
const LINGER: Duration = Duration::from_millis(500);

/// Runs the driver's tasks until it is dropped.
pub(super) struct Host {
    handle: Handle,
    /// Tells the thread to end; absent in the user's runtime.
    _alive: Option<watch::Sender<()>>,
}

impl Host {
    /// A thread with a current-thread runtime, which keeps to `pace`.
    pub(super) fn thread(pace: Arc<Pace>) -> std::io::Result<Self> {
        let rest = move || {
            if let Some(rest) = pace.rest() {
                std::thread::sleep(rest);
            }
        };
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().on_thread_park(rest).build()?;
        let handle = runtime.handle().clone();
        let (alive, mut gone) = watch::channel(());
        std::thread::Builder::new().name("oslo-rabbit-io".to_owned()).spawn(move || {
            runtime.block_on(async move {
                // Ends when the sender is dropped: the channel then reports an error.
                while gone.changed().await.is_ok() {}
                tokio::time::sleep(LINGER).await;
            });
        })?;
        Ok(Self { handle, _alive: Some(alive) })
    }

    /// The runtime that is current.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn current() -> std::io::Result<Self> {
        let handle = Handle::try_current().map_err(std::io::Error::other)?;
        Ok(Self { handle, _alive: None })
    }

    pub(super) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.handle.spawn(task)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn the_thread_keeps_to_its_pace() {
        let pace = Arc::new(Pace::default());
        for _ in 0..100 {
            pace.answered(Duration::from_millis(1), 100);
        }
        let before = pace.rests_left();
        let host = Host::thread(Arc::clone(&pace)).unwrap();
        let begun = Instant::now();
        host.spawn({
            let pace = Arc::clone(&pace);
            async move { pace.moved(1) }
        })
        .await
        .unwrap();
        while pace.rests_left() == before {
            assert!(begun.elapsed() < Duration::from_secs(60), "the thread does not ask for its rest");
            tokio::task::yield_now().await;
        }
    }
}
