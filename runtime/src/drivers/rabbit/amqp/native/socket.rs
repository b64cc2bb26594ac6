//! A TCP socket with two ways to write to it: that of the I/O task, and a shortcut past it.
//!
//! Waking the I/O task takes longer than writing a few bytes, so whoever has something to send while that task sleeps writes
//! it himself. The connection's state sees to it that they never write at the same time.

use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The I/O task's end.
pub(super) struct Socket {
    reading: OwnedReadHalf,
    writing: Arc<OwnedWriteHalf>,
}

/// The way past the I/O task. The socket is not closed before it is gone.
#[derive(Clone)]
pub(super) struct Shortcut(Arc<OwnedWriteHalf>);

impl Socket {
    pub(super) fn new(stream: TcpStream) -> (Self, Shortcut) {
        let (reading, writing) = stream.into_split();
        let writing = Arc::new(writing);
        (Self { reading, writing: Arc::clone(&writing) }, Shortcut(writing))
    }

    fn stream(&self) -> &TcpStream {
        (*self.writing).as_ref()
    }
}

impl Shortcut {
    /// Writes as much as the socket takes at once, from any thread. An error is met again by the I/O task.
    pub(super) fn write(&self, bytes: &[u8]) -> usize {
        self.0.try_write(bytes).unwrap_or(0)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.reading).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        loop {
            ready!(self.stream().poll_write_ready(cx))?;
            match self.stream().try_write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Nobody shuts down one direction alone: the socket goes with both of its ends.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
