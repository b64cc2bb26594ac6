//! Writing past the I/O task. It has no turn while a test does not wait, so what arrives by then went past it.

use super::super::input::Input;
use super::super::socket::{Shortcut, Socket};
use super::super::state::Next;
use super::super::{Confirms, Connection};
use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::dial;
use crate::drivers::rabbit::amqp::native::handshake::Agreed;
use crate::drivers::rabbit::host::Surroundings;
use crate::drivers::rabbit::traffic::Traffic;
use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::AMQPClass::Basic;
use amq_protocol::protocol::basic;
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

struct Stage {
    connection: Connection,
    traffic: Arc<Traffic>,
    peer: Peer<TcpStream>,
    _events: Events,
}

impl Stage {
    /// Over sockets with small buffers.
    async fn new() -> Self {
        let listener = TcpSocket::new_v4().unwrap();
        listener.set_recv_buffer_size(4096).unwrap();
        listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = listener.listen(1).unwrap();
        let ours = TcpSocket::new_v4().unwrap();
        ours.set_send_buffer_size(4096).unwrap();
        let connecting = ours.connect(listener.local_addr().unwrap());
        let (ours, theirs) = tokio::join!(connecting, listener.accept());
        let ours = ours.unwrap();
        // As on every connection: small messages do not wait for the other side's word on those before them.
        dial::tune(&ours).unwrap();
        let (socket, shortcut) = Socket::new(ours).unwrap();
        let surroundings = Surroundings::default();
        let traffic = Arc::clone(&surroundings.traffic);
        let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
        let (connection, events) =
            Connection::start(socket, Some(shortcut), Input::default(), agreed, 0, surroundings);
        Self { connection, traffic, peer: Peer::new(theirs.unwrap().0), _events: events }
    }

    /// The I/O task has done what there was to do.
    async fn rest(&self) {
        soon("sleep", async {
            while !self.connection.handle.0.lock().is_asleep() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// What arrives without anybody having a turn: waits for `expected`, else takes what there is.
    fn arrives(self, expected: Option<&str>) -> Self {
        let mut stream = self.peer.stream.into_std().unwrap();
        stream.set_nonblocking(expected.is_none()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut bytes = vec![0; 1 << 16];
        match (stream.read(&mut bytes), expected) {
            (Ok(count), Some(text)) => assert!(contains(&bytes[..count], text), "{:?}", &bytes[..count]),
            (Err(error), None) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            (read, expected) => panic!("{read:?} instead of {expected:?}"),
        }
        stream.set_nonblocking(true).unwrap();
        Self { peer: Peer::new(TcpStream::from_std(stream).unwrap()), ..self }
    }
}

fn publish(confirms: &Confirms, text: &str) {
    confirms.publish(message(text), outcome().0);
}

fn heartbeat() -> Vec<u8> {
    bytes(&AMQPFrame::Heartbeat)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_is_alone_does_not_wait_for_the_task() {
    let mut stage = Stage::new().await;
    let (confirms, id) = stage.peer.confirms(&stage.connection).await;
    for text in ["first", "second"] {
        stage.rest().await;
        publish(&confirms, text);
        stage = stage.arrives(Some(text));
    }
    let (on_outcome, third) = outcome();
    confirms.publish(message("third"), on_outcome);
    stage.peer.publish().await;
    stage.peer.say(id, ack(3, true)).await;
    soon("the outcome", third).await.unwrap();
}

#[tokio::test]
async fn among_many_the_task_writes_all_together() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    for _ in 0..100 {
        stage.traffic.answered(30);
    }
    stage.rest().await;
    publish(&confirms, "one of many");
    let mut stage = stage.arrives(None);
    assert!(contains(&stage.peer.publish().await.1, "one of many"));
}

/// The order is that of publishing, whoever writes: the first ones past the task until the socket is full, all others by it.
#[tokio::test]
async fn what_the_socket_does_not_take_the_task_writes_behind_it() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    stage.rest().await;
    let text = |number: usize| format!("{number:>10000}");
    (0..100).for_each(|number| publish(&confirms, &text(number)));
    assert!(!stage.connection.handle.0.lock().is_asleep(), "the socket has taken a megabyte");
    for number in 0..100 {
        assert!(contains(&stage.peer.publish().await.1, &text(number)), "{number}");
    }
    stage.rest().await;
}

#[tokio::test]
async fn what_is_long_is_left_to_the_task() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    stage.rest().await;
    let text = "x".repeat(100_000);
    publish(&confirms, &text);
    let mut stage = stage.arrives(None);
    assert!(contains(&stage.peer.publish().await.1, &text));
}

/// Somebody who is to write these bytes past the task, and has not yet.
async fn about_to_write(stage: &Stage, bytes: &[u8]) -> (Vec<u8>, Shortcut) {
    stage.rest().await;
    let mut state = stage.connection.handle.0.lock();
    state.out.extend(bytes);
    match state.next(&stage.traffic) {
        Next::Write(bytes, shortcut) => (bytes, shortcut),
        _ => panic!("nobody is to write past the task"),
    }
}

#[tokio::test]
async fn what_is_queued_while_somebody_writes_past_the_task_is_written_behind_it() {
    let mut stage = Stage::new().await;
    let (confirms, id) = stage.peer.confirms(&stage.connection).await;
    let (on_outcome, first) = outcome();
    confirms.publish(message("first"), on_outcome);
    assert!(contains(&stage.peer.publish().await.1, "first"));
    let (bytes, shortcut) = about_to_write(&stage, &heartbeat()).await;
    publish(&confirms, "behind");
    // The task has a turn meanwhile, for it reads, and leaves the order as it is.
    stage.peer.say(id, ack(1, false)).await;
    soon("the outcome", first).await.unwrap();
    let mut stage = stage.arrives(None);
    stage.connection.handle.0.write_past_the_task(bytes, &shortcut);
    assert_eq!(stage.peer.frame().await, Some(AMQPFrame::Heartbeat));
    assert!(contains(&stage.peer.publish().await.1, "behind"));
    stage.rest().await;
}

#[tokio::test]
async fn what_was_written_past_the_task_in_part_is_ended_before_what_is_behind_it() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    let (bytes, shortcut) = about_to_write(&stage, &heartbeat()).await;
    publish(&confirms, "behind");
    let count = shortcut.write(&bytes[..3]);
    assert!(stage.connection.handle.0.lock().written_past(bytes, count), "the task has to go on");
    stage.connection.handle.0.begin_close();
    assert_eq!(stage.peer.frame().await, Some(AMQPFrame::Heartbeat));
    assert!(contains(&stage.peer.publish().await.1, "behind"));
}

#[tokio::test]
async fn a_good_bye_waits_for_who_writes_past_the_task() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    let (bytes, shortcut) = about_to_write(&stage, &heartbeat()).await;
    stage.peer.say(0, connection_close(320, "the broker stops")).await;
    soon("the broker's good-bye", async {
        while !stage.connection.handle.0.lock().is_closing() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stage.connection.handle.0.write_past_the_task(bytes, &shortcut);
    drop(shortcut);
    assert_eq!(stage.peer.frame().await, Some(AMQPFrame::Heartbeat));
    assert_eq!(stage.peer.hear().await, (0, connection_close_ok()));
    assert_eq!(stage.peer.frame().await, None);
    assert!(!confirms.is_open());
}

/// The task has the clock: it learns of a message that is to be asked for.
#[tokio::test]
async fn whether_it_was_routed_is_asked_for_what_went_past_the_task() {
    let mut stage = Stage::new().await;
    let (routed, id) = stage.peer.routed(&stage.connection).await;
    for _ in 0..3 {
        stage.rest().await;
        let (on_outcome, told) = outcome();
        routed.publish(message("text"), on_outcome);
        stage = stage.arrives(Some("text"));
        let question = Basic(basic::AMQPMethod::Qos(basic::Qos { prefetch_count: 0, global: false }));
        assert_eq!(stage.peer.hear().await, (id, question));
        stage.peer.say(id, Basic(basic::AMQPMethod::QosOk(basic::QosOk {}))).await;
        soon("the outcome", told).await.unwrap();
    }
}

#[tokio::test]
async fn the_socket_is_closed_with_the_connection_whoever_still_knows_it() {
    let mut stage = Stage::new().await;
    let (confirms, _) = stage.peer.confirms(&stage.connection).await;
    let closing = stage.connection.close();
    let answering = async {
        stage.peer.hear().await;
        stage.peer.say(0, connection_close_ok()).await;
        stage.peer.frame().await
    };
    let ((), end) = tokio::join!(soon("the end", closing), answering);
    assert_eq!(end, None);
    assert!(!confirms.is_open());
}
