//! Where a connection's I/O runs: over real sockets, at home on the runtime of the test, lent to another one.

use super::super::input::Input;
use super::super::socket::{Shortcut, Socket, Stream};
use super::super::{Channel, Connection};
use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::native::handshake::Agreed;
use crate::drivers::rabbit::host::Surroundings;
use crate::transport::Acknowledge;
use amq_protocol::frame::AMQPFrame;
use amq_protocol::protocol::{AMQPClass, connection};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc as std_mpsc};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc;

const CALLERS: &str = "callers";

/// More than enough for a connection to be lent.
const ENOUGH: u64 = 200;

struct Stage<P = TcpStream> {
    connection: Connection,
    surroundings: Surroundings,
    events: Events,
    peer: Peer<P>,
    channel: Channel,
    id: u16,
    /// Body and the name of the thread that took it.
    taken: mpsc::UnboundedReceiver<(Vec<u8>, String)>,
    _consumer: Pin<Box<dyn Future<Output = ()> + Send>>,
    sent: u64,
}

impl Stage {
    async fn new(callers: &Handle, heartbeat: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connecting = TcpStream::connect(listener.local_addr().unwrap());
        let (ours, theirs) = tokio::join!(connecting, listener.accept());
        let (socket, shortcut) = Socket::new(ours.unwrap()).unwrap();
        Self::over(socket, Some(shortcut), theirs.unwrap().0, callers, heartbeat).await
    }
}

impl<P: AsyncRead + AsyncWrite + Unpin> Stage<P> {
    async fn over(
        ours: impl Stream,
        shortcut: Option<Shortcut>,
        theirs: P,
        callers: &Handle,
        heartbeat: u16,
    ) -> Self {
        let surroundings = Surroundings { callers: Some(callers.clone()), ..Surroundings::default() };
        let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
        let (connection, events) =
            Connection::start(ours, shortcut, Input::default(), agreed, heartbeat, surroundings.clone());
        let mut peer = Peer::new(theirs);
        let (channel, id) = peer.channel(&connection).await;
        let (take, taken) = mpsc::unbounded_channel();
        let consuming = channel.consume("queue", 1, move |received| {
            let thread = std::thread::current().name().unwrap_or_default().to_owned();
            // A test that looks no more has ended.
            let _ = take.send((received.body, thread));
        });
        let answering = async {
            let (id, _) = peer.hear().await;
            peer.say(id, consume_ok(1)).await;
        };
        let (ended, ()) = tokio::join!(soon("a consumer", consuming), answering);
        let ended = ended.unwrap();
        let _consumer = Box::pin(async move { drop(ended.await) });
        Self { connection, surroundings, events, peer, channel, id, taken, _consumer, sent: 0 }
    }

    /// One delivery, which comes through whole and in its turn: whether at the callers'.
    async fn is_lent(&mut self) -> bool {
        self.sent += 1;
        let text = self.sent.to_string();
        self.peer.deliver(self.id, 1, self.sent, text.as_bytes()).await;
        let (body, thread) = soon("a delivery", self.taken.recv()).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&body), text);
        thread == CALLERS
    }

    /// Delivers until one is taken at the callers', or is not.
    async fn becomes_lent(&mut self, lent: bool) {
        soon("a move", async {
            while self.is_lent().await != lent {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Whether it stays at home for as many deliveries as are enough for it to be lent.
    async fn is_kept(&mut self) -> bool {
        for _ in 0..ENOUGH {
            if self.is_lent().await {
                return false;
            }
        }
        true
    }

    async fn stays_at_home(&mut self) {
        assert!(self.is_kept().await);
    }
}

/// One worker, so that one task can block it.
fn callers() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).thread_name(CALLERS).enable_all().build().unwrap()
}

/// A runtime must not be dropped by a task.
async fn end(runtime: Runtime) {
    tokio::task::spawn_blocking(|| drop(runtime)).await.unwrap();
}

#[tokio::test]
async fn while_few_messages_are_under_way_the_callers_have_it() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    for _ in 0..3 {
        stage.becomes_lent(true).await;
        let traffic = stage.surroundings.traffic.clone();
        (0..100).for_each(|_| traffic.answered(100));
        stage.becomes_lent(false).await;
        stage.stays_at_home().await;
        (0..100).for_each(|_| traffic.answered(0));
    }
    end(callers).await;
}

#[tokio::test]
async fn one_that_idles_comes_home() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    // Were its call not heard, it would soon stay at home for longer than a test waits.
    for _ in 0..5 {
        stage.becomes_lent(true).await;
        soon("a way home", async {
            while stage.is_lent().await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
    }
    end(callers).await;
}

#[tokio::test]
async fn a_runtime_that_is_blocked_loses_it_for_a_time() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    let losing = async {
        loop {
            stage.becomes_lent(true).await;
            let (blocked, is_blocked) = std_mpsc::channel();
            let (unblock, unblocked) = std_mpsc::channel::<()>();
            let blocking = callers.spawn(async move {
                blocked.send(()).unwrap();
                unblocked.recv().unwrap();
            });
            tokio::task::spawn_blocking(move || is_blocked.recv().unwrap()).await.unwrap();
            // What comes while it is blocked is taken all the same.
            stage.stays_at_home().await;
            unblock.send(()).unwrap();
            blocking.await.unwrap();
            // On a machine that stands still for a moment it has come home before: as one that idles, without a grudge.
            if stage.is_kept().await {
                return;
            }
        }
    };
    soon("a grudge", losing).await;
    end(callers).await;
}

#[tokio::test]
async fn a_runtime_that_ends_gives_it_back() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    stage.becomes_lent(true).await;
    end(callers).await;
    stage.stays_at_home().await;
}

#[tokio::test]
async fn a_runtime_that_does_not_run_never_has_it() {
    let callers = Builder::new_current_thread().thread_name(CALLERS).enable_all().build().unwrap();
    let mut stage = Stage::new(callers.handle(), 0).await;
    stage.stays_at_home().await;
    end(callers).await;
    stage.stays_at_home().await;
}

#[tokio::test]
async fn a_runtime_without_io_never_has_it() {
    let callers =
        Builder::new_multi_thread().worker_threads(1).thread_name(CALLERS).enable_time().build().unwrap();
    let mut stage = Stage::new(callers.handle(), 0).await;
    stage.stays_at_home().await;
    stage.stays_at_home().await;
    end(callers).await;
}

#[tokio::test]
async fn its_timers_go_with_it() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 1).await;
    stage.becomes_lent(true).await;
    // Acknowledgements are gathered for a moment; without the timer nobody would write this one.
    acks(&stage.channel).ack(stage.sent);
    assert_eq!(stage.peer.hear().await, (stage.id, ack(stage.sent, false)));
    for _ in 0..2 {
        assert_eq!(stage.peer.frame().await, Some(AMQPFrame::Heartbeat));
        stage.becomes_lent(true).await;
    }
    end(callers).await;
}

#[tokio::test]
async fn it_says_good_bye_from_where_it_is() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    stage.becomes_lent(true).await;
    let closing = stage.connection.close();
    let answering = async {
        let (id, class) = stage.peer.hear().await;
        assert!(
            id == 0 && matches!(class, AMQPClass::Connection(connection::AMQPMethod::Close(_))),
            "{class:?}"
        );
        stage.peer.say(0, connection_close_ok()).await;
        stage.peer.frame().await
    };
    let ((), end_of_stream) = tokio::join!(soon("the end", closing), answering);
    assert_eq!(end_of_stream, None);
    end(callers).await;
}

#[tokio::test]
async fn the_brokers_good_bye_is_told_from_where_it_is() {
    let callers = callers();
    let mut stage = Stage::new(callers.handle(), 0).await;
    stage.becomes_lent(true).await;
    stage.peer.say(0, connection_close(320, "the broker stops")).await;
    let error = lost(&mut stage.events).await;
    assert_eq!((error.code, error.text.as_str()), (Some(320), "the broker stops"));
    end(callers).await;
}

/// A stream that panics once when it is told to.
struct Fragile {
    stream: DuplexStream,
    panics: Arc<AtomicBool>,
}

impl Stream for Fragile {
    fn enter(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Fragile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        assert!(!self.panics.swap(false, SeqCst), "as a test wants it");
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Fragile {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Nobody knows what it had done by then.
#[tokio::test]
async fn a_panic_ends_the_connection_wherever_it_runs() {
    let callers = callers();
    let (ours, theirs) = tokio::io::duplex(ROOM);
    let panics = Arc::new(AtomicBool::new(false));
    let stream = Fragile { stream: ours, panics: Arc::clone(&panics) };
    let mut stage = Stage::over(stream, None, theirs, callers.handle(), 0).await;
    stage.becomes_lent(true).await;
    panics.store(true, SeqCst);
    stage.peer.deliver(stage.id, 1, stage.sent + 1, b"x").await;
    assert_eq!(lost(&mut stage.events).await.text, "the connection's task was ended");
    end(callers).await;
}

#[test]
fn the_end_of_its_home_is_its_own() {
    let callers = callers();
    let home = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut stage = home.block_on(Stage::new(callers.handle(), 0));
    home.block_on(stage.becomes_lent(true));
    drop(home);
    let error = callers.block_on(lost(&mut stage.events));
    assert_eq!(error.text, "the connection's task was ended");
}
