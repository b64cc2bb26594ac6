//! The socket under a connection: connected before lapin hears of it, and taken away from a handshake that nobody waits
//! for any more.
//!
//! lapin gives a thread and a task to each attempt. The task stays for ever when no TCP connection comes about, the thread
//! when the peer is silent; attempts in vain would add up for as long as a broker is away.

use super::quiet::Handshake;
use crate::drivers::rabbit::amqp::dial;
use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use futures_util::task::AtomicWaker;
use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// The current runtime, as lapin is to use it.
pub(super) fn runtime() -> Runtime<RuntimeParts<Tokio, Sockets>> {
    let tokio = Tokio::current();
    Runtime::new(RuntimeParts::new(tokio.clone(), Sockets(tokio)))
}

/// Connects to the first address of `host` that answers, looked up anew. With `quiet`, the broker's proposal of heartbeats
/// is read as none.
pub(super) async fn connect(host: &str, port: u16, quiet: bool) -> Result<(Socket, Attempt), String> {
    let tokio = Tokio::current();
    let inner = dial::dial(host, port, |address| tokio.tcp_connect_addr(address)).await?;
    dial::tune(inner.get_ref()).map_err(|error| error.to_string())?;
    let shared = Arc::new(Shared::default());
    let attempt = Attempt(Arc::clone(&shared));
    Ok((Socket { inner, handshake: quiet.then(Handshake::default), attempt: Some(shared) }, attempt))
}

/// What stands behind an attempt and its socket.
#[derive(Debug, Default)]
struct Shared {
    state: AtomicU8,
    reader: AtomicWaker,
}

const OPEN: u8 = 0;
const SUCCEEDED: u8 = 1;
const GIVEN_UP: u8 = 2;

/// An attempt to open a connection. Dropping it ends its socket, unless it has succeeded.
#[derive(Debug)]
pub(super) struct Attempt(Arc<Shared>);

impl Attempt {
    /// The socket is the connection's own from now on.
    pub(super) fn succeeded(self) {
        self.0.state.store(SUCCEEDED, Ordering::Release);
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let open = self.0.state.compare_exchange(OPEN, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire);
        if open.is_ok() {
            self.0.reader.wake();
        }
    }
}

/// Timers of the current runtime; sockets come from [`connect`] alone.
#[derive(Debug, Clone)]
pub(super) struct Sockets(Tokio);

impl Reactor for Sockets {
    type TcpStream = Socket;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + Send + 'static>(
        &self,
        _: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        Err::<Self::TcpStream, _>(io::ErrorKind::Unsupported.into())
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(
        &self,
        _: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

/// A connected socket.
pub(super) struct Socket {
    inner: <Tokio as Reactor>::TcpStream,
    /// Follows the handshake of a connection without heartbeats; none when the broker's proposal has passed.
    handshake: Option<Handshake>,
    /// None when the attempt has succeeded.
    attempt: Option<Arc<Shared>>,
}

impl Socket {
    /// Fails when nobody waits for the handshake any more; the reader is woken when that happens.
    fn check_attempt(&mut self, cx: &Context<'_>) -> io::Result<()> {
        let Some(attempt) = &self.attempt else { return Ok(()) };
        attempt.reader.register(cx.waker());
        match attempt.state.load(Ordering::Acquire) {
            GIVEN_UP => return Err(io::ErrorKind::TimedOut.into()),
            SUCCEEDED => self.attempt = None,
            _ => {}
        }
        Ok(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.check_attempt(cx)?;
        let count = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if let Some(handshake) = &mut self.handshake
            && handshake.pass(&mut buffer[..count])
        {
            self.handshake = None;
        }
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
