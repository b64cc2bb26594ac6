//! When a server or client process of the benchmark ends.

use tokio::io::AsyncReadExt;

use crate::error::Result;

/// Until whoever started this process closes its standard input (or is gone, which closes it too). Gives their last words.
pub(crate) async fn stdin_closed() -> String {
    let mut words = String::new();
    if let Err(error) = tokio::io::stdin().read_to_string(&mut words).await {
        tracing::warn!(%error, "standard input cannot be read, ending");
    }
    words
}

/// Until Ctrl-C or SIGTERM.
pub(crate) async fn signalled() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
