//! Received bytes until they are whole frames.

use super::super::AmqpError;
use super::codec::{self, Frame};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// Room for several frames of usual size, which one read then brings.
const ROOM: usize = 64 << 10;

/// A buffer that frames are read from without copying them out.
#[derive(Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// Reads what there is; 0 is the end of the stream.
    pub(super) fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.len() - self.end < ROOM / 2 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            // An unfinished frame, which is no longer than agreed, and room for more.
            let needed = self.end + ROOM;
            if self.bytes.len() < needed {
                self.bytes.resize(needed, 0);
            }
        }
        let mut room = ReadBuf::new(&mut self.bytes[self.end..]);
        ready!(Pin::new(stream).poll_read(cx, &mut room))?;
        let count = room.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }

    /// The next whole frame.
    pub(super) fn frame(&mut self, largest: usize) -> Result<Option<Frame<'_>>, AmqpError> {
        let Some((frame, length)) = codec::frame(&self.bytes[self.start..self.end], largest)? else {
            return Ok(None);
        };
        self.start += length;
        Ok(Some(frame))
    }

    /// What has been received and is no frame yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }
}
