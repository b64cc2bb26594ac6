//! How long somebody waits for what a link has to bring, and what the wait is called when it was in vain.

use super::link::Link;
use crate::transport::DriverError;
use std::time::Instant;

/// The limits of one wait, counted from when it was made.
pub(super) struct Patience {
    link: Link,
    /// The last attempt to connect that had begun before.
    mark: u64,
    since: Instant,
    deadline: Option<Instant>,
    retry: Option<u32>,
}

impl Patience {
    pub(super) fn from_now(link: &Link, deadline: Option<Instant>, retry: Option<u32>) -> Self {
        Self { link: link.clone(), mark: link.mark(), since: Instant::now(), deadline, retry }
    }

    /// What `work` gives, or, when a limit is reached before, why `what` is not there.
    pub(super) async fn with<T>(
        self,
        what: &str,
        trouble: impl FnOnce(&Link) -> String,
        work: impl Future<Output = Result<T, DriverError>>,
    ) -> Result<T, DriverError> {
        let passed = async {
            match self.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            result = work => return result,
            () = self.link.used_up(self.mark, self.retry) => {}
            () = passed => {}
        }
        Err(DriverError::Unreachable {
            waited: self.since.elapsed(),
            attempts: self.link.failed_since(self.mark),
            cause: format!("{what} could not be set up: {}", trouble(&self.link)),
        })
    }
}
