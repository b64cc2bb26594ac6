//! Connections without heartbeats.
//!
//! lapin takes a heartbeat of 0 for "as the broker proposes", and no other value of it means "none". So the broker's
//! proposal (`connection.tune`) is read as 0: lapin then agrees to none, and the broker, which goes by that answer, neither
//! sends any nor misses ours.

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};
use std::future::Future;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// The current runtime, with sockets that propose no heartbeat.
pub(super) fn runtime() -> Runtime<RuntimeParts<Tokio, Quiet>> {
    let tokio = Tokio::current();
    Runtime::new(RuntimeParts::new(tokio.clone(), Quiet(tokio)))
}

#[derive(Debug, Clone)]
pub(super) struct Quiet(Tokio);

impl Reactor for Quiet {
    type TcpStream = QuietStream<<Tokio as Reactor>::TcpStream>;
    type Sleep = <Tokio as Reactor>::Sleep;

    /// lapin opens its sockets by `tcp_connect_addr` and registers none.
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
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let connecting = self.0.tcp_connect_addr(address);
        async move { Ok(QuietStream { inner: connecting.await?, handshake: Some(Handshake::default()) }) }
    }
}

/// A socket that reads the broker's proposal as one without heartbeats.
#[derive(Debug)]
pub(super) struct QuietStream<S> {
    inner: S,
    /// None when the proposal has passed.
    handshake: Option<Handshake>,
}

impl<S: AsyncRead + Unpin> AsyncRead for QuietStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if let Some(handshake) = &mut self.handshake
            && handshake.pass(&mut buffer[..count])
        {
            self.handshake = None;
        }
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for QuietStream<S> {
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

/// Type, channel and size of a frame, then class and method.
const HEAD: usize = 7 + 4;

/// Where a tune frame has its heartbeat: behind the greatest channel (2 bytes) and the greatest frame (4).
const HEARTBEAT: std::ops::Range<usize> = HEAD + 6..HEAD + 8;

/// Follows the broker's first frames, however they are cut into pieces.
#[derive(Debug, Default)]
struct Handshake {
    /// Position in the frame.
    at: usize,
    head: [u8; HEAD],
}

impl Handshake {
    /// Lets these bytes pass; whether the tune frame is over.
    fn pass(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            if let Some(kept) = self.head.get_mut(self.at) {
                *kept = *byte;
            }
            if self.is_tune() && HEARTBEAT.contains(&self.at) {
                *byte = 0;
            }
            self.at += 1;
            if self.at == self.length() {
                if self.is_tune() {
                    return true;
                }
                *self = Self::default();
            }
        }
        false
    }

    /// With header and end octet; the longest possible until the header is there.
    fn length(&self) -> usize {
        let [_, _, _, s1, s2, s3, s4, ..] = self.head;
        if self.at < 7 { usize::MAX } else { u32::from_be_bytes([s1, s2, s3, s4]) as usize + 8 }
    }

    /// A method frame on channel 0 with class 10 (connection), method 30 (tune).
    fn is_tune(&self) -> bool {
        let [kind, c1, c2, _, _, _, _, method @ ..] = self.head;
        self.at >= HEAD && (kind, c1, c2, method) == (1, 0, 0, [0, 10, 0, 30])
    }
}

#[cfg(test)]
mod tests {
    use super::Handshake;

    fn frame(method: u8, arguments: &[u8]) -> Vec<u8> {
        let size = u32::try_from(arguments.len() + 4).unwrap();
        let mut frame = [&[1, 0, 0][..], &size.to_be_bytes(), &[0, 10, 0, method], arguments].concat();
        frame.push(0xCE);
        frame
    }

    #[test]
    fn only_the_heartbeat_of_the_proposal_changes() {
        let start = frame(10, &[0, 9, 0, 60, 0, 60, 0, 60, 10, 30]);
        let tune = |heartbeat| frame(30, &[7, 255, 0, 2, 0, 0, 0, heartbeat]);
        let rest = tune(60);
        let sent = [&start[..], &tune(60), &rest].concat();
        let expected = [&start[..], &tune(0), &rest].concat();
        for piece in 1..=sent.len() {
            let (mut read, mut handshake) = (sent.clone(), Some(Handshake::default()));
            for bytes in read.chunks_mut(piece) {
                if handshake.as_mut().is_some_and(|handshake| handshake.pass(bytes)) {
                    handshake = None;
                }
            }
            assert_eq!(read, expected, "in pieces of {piece}");
            assert!(handshake.is_none());
        }
    }
}
