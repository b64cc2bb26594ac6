//! A TCP socket that can go from one runtime to another, and with two ways to write to it: that of the I/O task, and a
//! shortcut past it.
//!
//! Waking the I/O task takes longer than writing a few bytes, so whoever has something to send while that task sleeps writes
//! it himself. The connection's state sees to it that they never write at the same time.

use std::io::{self, Write};
use std::net;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What a connection's I/O task reads and writes.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The current runtime has it from now on. Where that fails or panics nobody has it, and it can enter another one.
    fn enter(&mut self) -> io::Result<()>;
}

/// The I/O task's end.
pub(super) struct Socket {
    /// As a runtime knows it; absent after one that could not have it.
    stream: Option<TcpStream>,
    /// As the system knows it.
    plain: Arc<net::TcpStream>,
}

/// The way past the I/O task. The socket is not closed before it is gone.
#[derive(Clone)]
pub(super) struct Shortcut(Arc<net::TcpStream>);

impl Socket {
    pub(super) fn new(stream: TcpStream) -> io::Result<(Self, Shortcut)> {
        let plain = Arc::new(stream.into_std()?);
        let mut socket = Self { stream: None, plain: Arc::clone(&plain) };
        socket.enter()?;
        Ok((socket, Shortcut(plain)))
    }
}

impl Stream for Socket {
    fn enter(&mut self) -> io::Result<()> {
        // The descriptor goes along: a process that has none left keeps its connections.
        let stream = match self.stream.take() {
            Some(stream) => stream.into_std()?,
            None => self.plain.try_clone()?,
        };
        self.stream = Some(TcpStream::from_std(stream)?);
        Ok(())
    }
}

impl Shortcut {
    /// Writes as much as the socket takes at once, from any thread. An error is met again by the I/O task.
    pub(super) fn write(&self, bytes: &[u8]) -> usize {
        (&*self.0).write(bytes).unwrap_or(0)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().map_or(Poll::Pending, |stream| Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream.as_mut().map_or(Poll::Pending, |stream| Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Nobody shuts down one direction alone: the socket goes with both of its ends.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
