//! Where a connection's I/O task runs.
//!
//! Its home is the driver's thread, which no handler can block, and where much is done at once. While few messages are under
//! way, what each waits for is the switch between that thread and those who send and take them. So the task is lent to the
//! callers' runtime as long as that gives it its turns, and called back when the traffic grows or ceases. A runtime that
//! does not hear the call has lost it: the task is taken away, and goes on at home.
//!
//! Knows of the I/O task no more than that it is polled, and belongs to one runtime at a time.

use super::super::AmqpError;
use super::io::Io;
use super::socket::Stream;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// Reads at home, while few messages are under way, before it is lent: a connection that is hardly used stays.
const READS: u64 = 16;
/// How long it may be without a turn until it is called back, and how long the call may take to be heard. Both together are
/// what a message may have to wait for a runtime whose workers are all blocked.
const LOOK: Duration = Duration::from_millis(25);
/// How long it stays at home after a call that was not heard; twice as long after each further one.
const GRUDGE: Duration = Duration::from_secs(10);
const LONGEST_GRUDGE: Duration = Duration::from_secs(600);

/// Runs a connection's I/O until the connection is gone, on the current runtime, or on that of `callers` for a time.
pub(super) async fn run<S: Stream>(mut io: Box<Io<S>>, callers: Option<Handle>) {
    let mut lender = Lender { callers, not_before: Instant::now(), grudge: GRUDGE };
    if let Err(error) = io.begin() {
        return io.end(error);
    }
    loop {
        let at_home = io.reads();
        let stay = poll_fn(|cx| match io.poll(cx) {
            Poll::Ready(error) => Poll::Ready(Err(error)),
            Poll::Pending => lender.borrower(&io, at_home).map_or(Poll::Pending, |to| Poll::Ready(Ok(to))),
        });
        let to = match stay.await {
            Ok(to) => to,
            Err(error) => return io.end(error),
        };
        let Some(returned) = lender.lend(io, &to).await else { return };
        io = returned;
        if let Err(error) = io.enter() {
            return io.end(error);
        }
    }
}

struct Lender {
    /// Absent where the task is on their runtime already.
    callers: Option<Handle>,
    not_before: Instant,
    grudge: Duration,
}

impl Lender {
    /// Who may have it now; it had so many reads when it came home.
    fn borrower<S: Stream>(&self, io: &Io<S>, at_home: u64) -> Option<Handle> {
        let callers = self.callers.as_ref()?;
        let settled = io.reads() - at_home >= READS && !io.core().traffic.is_heavy();
        (settled && self.not_before <= Instant::now()).then(|| callers.clone())
    }

    /// Lends it until it is back; `None` when the connection has ended meanwhile.
    async fn lend<S: Stream>(&mut self, io: Box<Io<S>>, to: &Handle) -> Option<Box<Io<S>>> {
        // Where this future is dropped, with the driver's thread, the connection ends, wherever its task is.
        let loan = TakenBack(Arc::new(Loan::new(io)));
        let borrower = to.spawn(Borrower(Arc::clone(&loan.0)));
        if let Err(error) = loan.0.until_it_goes().await {
            loan.0.take()?.end(error);
            return None;
        }
        if !loan.0.until_it_comes().await {
            borrower.abort();
            tracing::debug!(
                no_turn_for = ?(2 * LOOK), own_thread_for = ?self.grudge,
                "the runtime gives a connection no turn, handlers may block it: its I/O goes on on the driver's thread"
            );
            self.not_before = Instant::now() + self.grudge;
            self.grudge = (2 * self.grudge).min(LONGEST_GRUDGE);
        }
        loan.0.take()
    }
}

/// The task while it is lent, or about to be.
struct Loan<S: Stream> {
    /// Gone when it was taken back, or the connection has ended.
    io: Mutex<Option<Box<Io<S>>>>,
    /// It has had a turn there, and has none at home any more. Changed while `io` is locked.
    out: AtomicBool,
    /// Tells of that.
    gone: Notify,
    /// Its turns there since the last look.
    turns: AtomicU64,
    /// It is to come home at its next turn.
    called: AtomicBool,
    /// It is not polled there any more.
    back: Notify,
}

impl<S: Stream> Loan<S> {
    fn new(io: Box<Io<S>>) -> Self {
        let (out, gone, turns, called, back) = Default::default();
        Self { io: Mutex::new(Some(io)), out, gone, turns, called, back }
    }

    /// A turn that panicked before the task was out has not been one: the runtime has no I/O. After any other one nobody
    /// knows what was done, and the connection ends.
    fn lock(&self) -> MutexGuard<'_, Option<Box<Io<S>>>> {
        self.io.lock().unwrap_or_else(|poisoned| {
            let mut lent = poisoned.into_inner();
            if self.out.load(Relaxed) {
                drop(lent.take());
            }
            lent
        })
    }

    fn take(&self) -> Option<Box<Io<S>>> {
        self.lock().take()
    }

    /// Goes on at home until the other runtime has given it a turn: for ever, if that has ended or cannot have it.
    async fn until_it_goes(&self) -> Result<(), AmqpError> {
        let at_home = poll_fn(|cx| match self.lock().as_mut() {
            Some(io) if !self.out.load(Relaxed) => io.poll(cx),
            _ => Poll::Pending,
        });
        tokio::pin!(at_home);
        loop {
            tokio::select! {
                () = self.gone.notified() => return Ok(()),
                () = self.back.notified() => {
                    let mut lent = self.lock();
                    if self.out.load(Relaxed) {
                        self.back.notify_one();
                        return Ok(());
                    }
                    // It tried to go.
                    lent.as_mut().map_or(Ok(()), |io| io.enter())?;
                }
                error = &mut at_home => return Err(error),
            }
        }
    }

    /// Calls it when it has had no turn for a while; whether it came.
    async fn until_it_comes(&self) -> bool {
        loop {
            if timeout(LOOK, self.back.notified()).await.is_ok() {
                return true;
            }
            if self.turns.swap(0, Relaxed) == 0 {
                self.called.store(true, Relaxed);
                if let Some(io) = &*self.lock() {
                    io.core().wake();
                }
                return timeout(LOOK, self.back.notified()).await.is_ok();
            }
        }
    }
}

struct TakenBack<S: Stream>(Arc<Loan<S>>);

impl<S: Stream> Drop for TakenBack<S> {
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

/// On the callers' runtime: gives the task its turns.
struct Borrower<S: Stream>(Arc<Loan<S>>);

impl<S: Stream> Borrower<S> {
    /// Resolves when it is to go home (`None`), or is over.
    fn turn(&self, io: &mut Io<S>, cx: &mut Context<'_>) -> Poll<Option<AmqpError>> {
        let Self(loan) = self;
        if !loan.out.load(Relaxed) {
            if io.enter().is_err() {
                // It enters its home again.
                return Poll::Ready(None);
            }
            loan.out.store(true, Relaxed);
            loan.gone.notify_one();
        }
        loan.turns.fetch_add(1, Relaxed);
        match io.poll(cx) {
            Poll::Ready(error) => Poll::Ready(Some(error)),
            Poll::Pending if loan.called.load(Relaxed) || io.core().traffic.is_heavy() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Stream> Future for Borrower<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut lent = self.0.lock();
        let Some(io) = lent.as_mut() else { return Poll::Ready(()) };
        match self.turn(io, cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(()),
            Poll::Ready(Some(error)) => {
                let io = lent.take();
                drop(lent);
                if let Some(io) = io {
                    io.end(error);
                }
                Poll::Ready(())
            }
        }
    }
}

impl<S: Stream> Drop for Borrower<S> {
    /// Also where its runtime ends.
    fn drop(&mut self) {
        self.0.back.notify_one();
    }
}
