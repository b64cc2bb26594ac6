//! When a server or client process of the benchmark ends.

use tokio::io::AsyncReadExt;

use crate::error::Result;

/// Until whoever started this process closes its standard input (or is gone, which closes it too). Gives their last words.
pub async fn stdin_closed() -> String {
    let mut words = String::new();
    // An input that cannot be read is one whose other end is gone.
    let _ = tokio::io::stdin().read_to_string(&mut words).await;
    words
}

/// Until Ctrl-C or SIGTERM.
///
/// # Errors
/// Signals cannot be listened to.
pub async fn signalled() -> Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
