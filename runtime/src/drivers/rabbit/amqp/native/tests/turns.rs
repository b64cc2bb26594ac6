//! Writing and reading by turns.

use super::super::input::Input;
use super::super::socket::Stream;
use super::super::{Confirms, Connection};
use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::native::handshake::Agreed;
use crate::drivers::rabbit::host::Surroundings;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// Messages that are published while others are written.
const MESSAGES: usize = 100;

/// A socket under which somebody publishes a message more with each that is written.
struct Fed {
    inner: DuplexStream,
    feed: Arc<Mutex<Feed>>,
}

#[derive(Default)]
struct Feed {
    publisher: Option<Confirms>,
    published: usize,
    /// Writes since the last look at what has come, and the most there were.
    in_a_row: usize,
    most_in_a_row: usize,
}

impl Fed {
    fn feed(&self) -> std::sync::MutexGuard<'_, Feed> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Fed {
    fn enter(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Fed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        self.feed().in_a_row = 0;
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Fed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let mut feed = self.feed();
        feed.in_a_row += 1;
        feed.most_in_a_row = feed.most_in_a_row.max(feed.in_a_row);
        if feed.published < MESSAGES
            && let Some(publisher) = feed.publisher.clone()
        {
            feed.published += 1;
            publisher.publish(message("one more"), outcome().0);
        }
        drop(feed);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn who_goes_on_publishing_does_not_keep_the_connection_from_reading() {
    let (ours, theirs) = tokio::io::duplex(ROOM);
    let feed = Arc::new(Mutex::new(Feed::default()));
    let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
    let fed = Fed { inner: ours, feed: Arc::clone(&feed) };
    let (connection, _events) =
        Connection::start(fed, None, Input::default(), agreed, 0, Surroundings::default());
    let mut peer = Peer::new(theirs);
    let (confirms, id) = peer.confirms(&connection).await;
    feed.lock().unwrap().publisher = Some(confirms.clone());
    let (on_outcome, confirmed) = outcome();
    confirms.publish(message("the first"), on_outcome);
    for _ in 0..=MESSAGES {
        peer.publish().await;
    }
    peer.say(id, ack(MESSAGES as u64 + 1, true)).await;
    soon("the outcome", confirmed).await.unwrap();
    // They hold each other.
    feed.lock().unwrap().publisher = None;
    assert_eq!(feed.lock().unwrap().most_in_a_row, 1);
}

#[tokio::test]
async fn what_is_published_behind_a_message_until_its_answer_is_known_as_traffic() {
    let (ours, theirs) = tokio::io::duplex(ROOM);
    let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
    let surroundings = Surroundings::default();
    let traffic = Arc::clone(&surroundings.traffic);
    let (connection, _events) = Connection::start(ours, None, Input::default(), agreed, 0, surroundings);
    let mut peer = Peer::new(theirs);
    let (confirms, id) = peer.confirms(&connection).await;
    let mut number = 0;
    for others in [30, 0] {
        for _ in 0..50 {
            let (on_outcome, first) = outcome();
            confirms.publish(message("first"), on_outcome);
            for _ in 0..others {
                confirms.publish(message("meanwhile"), outcome().0);
            }
            for _ in 0..=others {
                peer.publish().await;
            }
            number += others + 1;
            peer.say(id, ack(number, true)).await;
            soon("the outcome", first).await.unwrap();
        }
        assert_eq!(traffic.is_heavy(), others > 0);
    }
}
