//! Where a bare peer's consumers and confirmations run: on a thread of their own, as ours by default, or among the callers.

use std::future::Future;

use tokio::runtime::{Builder, Handle};

use crate::cli::LapinMode;
use crate::error::{Error, Result};

/// Runs `setup` where `mode` has its I/O; what it spawns stays there until the process ends.
pub(super) async fn run_on<T, F>(mode: LapinMode, setup: F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let host = if mode == LapinMode::Tuned { thread()? } else { Handle::current() };
    host.spawn(setup).await.map_err(|error| Error::Peer(format!("the lapin peer's set-up ended: {error}")))?
}

fn thread() -> Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("lapin-driver".to_owned())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}
