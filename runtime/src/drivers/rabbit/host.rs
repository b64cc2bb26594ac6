//! Where the driver's I/O is at home: a thread of its own by default, so that handlers which block every worker of the user's
//! runtime cannot cost the connection; or the user's runtime, when asked for.
//! The thread alone gives way to others while many messages are under way: the user's runtime has other work.

use super::giving_way::GivingWay;
use super::traffic::Traffic;
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

/// What the connections of a driver know of where they run.
#[derive(Clone, Default)]
pub(super) struct Surroundings {
    /// Theirs, all together.
    pub(super) traffic: Arc<Traffic>,
    /// Another runtime that may have their tasks for a time: that of those who use the driver.
    pub(super) callers: Option<Handle>,
}

impl Host {
    /// A thread with a current-thread runtime, scheduled as the traffic asks for. The current runtime, if there is one, is the
    /// callers'.
    pub(super) fn thread() -> std::io::Result<(Self, Surroundings)> {
        let surroundings = Surroundings { traffic: Arc::default(), callers: Handle::try_current().ok() };
        let traffic = Arc::clone(&surroundings.traffic);
        let giving_way = GivingWay::default();
        let follow = move || giving_way.set(traffic.is_heavy());
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().on_thread_park(follow).build()?;
        let handle = runtime.handle().clone();
        let (alive, mut gone) = watch::channel(());
        std::thread::Builder::new().name("oslo-rabbit-io".to_owned()).spawn(move || {
            runtime.block_on(async move {
                // Ends when the sender is dropped: the channel then reports an error.
                while gone.changed().await.is_ok() {}
                tokio::time::sleep(LINGER).await;
            });
        })?;
        Ok((Self { handle, _alive: Some(alive) }, surroundings))
    }

    /// The runtime that is current.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn current() -> std::io::Result<(Self, Surroundings)> {
        let handle = Handle::try_current().map_err(std::io::Error::other)?;
        Ok((Self { handle, _alive: None }, Surroundings::default()))
    }

    pub(super) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.handle.spawn(task)
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use preempt_rt::sched::{Pid, Scheduler, get_scheduler};

    /// Other tasks of the thread see what it does before it waits.
    async fn becomes(policy: Scheduler) {
        let seen = async {
            while get_scheduler(Pid::current_thread()).unwrap() != policy {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), seen).await.unwrap();
    }

    #[tokio::test]
    async fn the_thread_gives_way_while_traffic_is_heavy() {
        let (host, Surroundings { traffic, .. }) = Host::thread().unwrap();
        for (in_flight, policy) in
            [(100, Scheduler::SCHED_BATCH), (0, Scheduler::SCHED_NORMAL), (100, Scheduler::SCHED_BATCH)]
        {
            (0..100).for_each(|_| traffic.answered(in_flight));
            host.spawn(becomes(policy)).await.unwrap();
        }
        let here = get_scheduler(Pid::current_thread()).unwrap();
        assert_eq!(here, Scheduler::SCHED_NORMAL, "whoever uses the driver is left alone");
    }
}
