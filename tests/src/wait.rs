//! Waiting with a limit. Events are awaited; asking again and again is only for what sends no event.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

/// What `future` gives, or a stop that names `what` after `limit`.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, future).await.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}

/// Asks `probe` until it gives `Ok`; after `limit` stops with `what` and the last `Err`. Only for what sends no event:
/// the broker's own lists, counters, what another process holds.
pub async fn eventually<T, E, F>(limit: Duration, what: &str, mut probe: impl FnMut() -> F) -> T
where
    E: Debug,
    F: Future<Output = Result<T, E>>,
{
    let end = tokio::time::Instant::now() + limit;
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(last) if tokio::time::Instant::now() >= end => {
                panic!("{what}: not within {limit:?}, last: {last:?}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
