//! What a change of the broker has to tell others: collected while the broker is locked, told afterwards.
//!
//! Whoever is told may use the broker. What comes of that is told behind it by the same thread, not within it, so that no
//! chain of callbacks grows the stack.

use super::broker::MemoryBroker;
use super::outlet::Outlet;
use super::queues::now;
use super::state::Arrival;
use crate::transport::{Confirmed, PublishError, Settled};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// The outcome of a publish.
pub(super) type Outcome = Result<Confirmed, PublishError>;

/// What is to be told, in this order.
#[derive(Default)]
pub(super) struct News {
    settled: Option<(Settled, Outcome)>,
    /// Messages that are on their way for a while.
    later: Vec<(Duration, Arrival)>,
    /// Outlets in which something waits. Mostly it is one.
    outlet: Option<Arc<Outlet>>,
    others: Vec<Arc<Outlet>>,
}

/// So much is told in a row, on behalf of others too, before the rest is handed to a task of the thread's tokio runtime: a
/// publisher on a busy broker gets its thread back.
const TURN: usize = 1024;

/// News of brokers, to be told in this order.
pub(super) type Behind = VecDeque<(MemoryBroker, News)>;

thread_local! {
    /// What the callbacks of this thread have come to while it tells something; `None` while it does not.
    static TELLING: RefCell<Option<Behind>> = const { RefCell::new(None) };
}

impl News {
    /// Something waits in an outlet.
    pub(super) fn of(outlet: Arc<Outlet>) -> Self {
        Self { outlet: Some(outlet), ..Self::default() }
    }

    pub(super) fn settle(&mut self, settled: Settled, outcome: Outcome) {
        self.settled = Some((settled, outcome));
    }

    pub(super) fn later(&mut self, after: Duration, arrival: Arrival) {
        self.later.push((after, arrival));
    }

    /// Something waits in this outlet, or it is to go when the broker is not locked any more.
    pub(super) fn touch(&mut self, outlet: &Arc<Outlet>) {
        match &self.outlet {
            None => self.outlet = Some(Arc::clone(outlet)),
            // One that is there twice has nothing to tell the second time; to look for it among many would cost more.
            Some(first) if Arc::ptr_eq(self.others.last().unwrap_or(first), outlet) => {}
            Some(_) => self.others.push(Arc::clone(outlet)),
        }
    }

    /// Tells it, or has it told behind what this thread is telling. What a task is to tell that has not begun comes first.
    pub(super) fn tell(self, broker: &MemoryBroker) {
        let left = broker.take_left();
        if left.is_empty() && self.settled.is_none() && self.outlet.is_none() && self.later.is_empty() {
            return;
        }
        let mut news = Some(self);
        let mut told = 0;
        let first = TELLING.try_with(|telling| {
            let mut telling = telling.borrow_mut();
            let first = telling.is_none();
            let behind = telling.get_or_insert_default();
            if !first || !left.is_empty() {
                behind.extend(left);
                behind.extend(news.take().map(|news| (broker.clone(), news)));
            }
            first
        });
        // A thread that is ending has no place for what comes behind; there each tells its own at once.
        if let Some(news) = news {
            told = news.run(broker);
        }
        if first == Ok(true) {
            go_on(told, true);
        }
    }

    /// Tells it; says how much it was.
    fn run(self, broker: &MemoryBroker) -> usize {
        let mut count = 1;
        if let Some((settled, outcome)) = self.settled {
            guarded(|| settled(outcome));
        }
        for (after, arrival) in self.later {
            guarded(|| later(broker.clone(), after, arrival));
        }
        for outlet in self.outlet.into_iter().chain(self.others) {
            let (told, left) = outlet.tell(TURN);
            count += told;
            if left {
                Self::of(outlet).tell(broker);
            } else {
                // Its last user's sink goes here, and may use the broker, too.
                guarded(|| drop(outlet));
            }
        }
        count
    }
}

/// Tells what has come up behind what this thread has told, until nothing has; leaves the rest to a task after a while, if it
/// may.
fn go_on(mut told: usize, hand_over: bool) {
    loop {
        if hand_over
            && told >= TURN
            && let Ok(runtime) = Handle::try_current()
        {
            for (broker, news) in TELLING.try_with(RefCell::take).ok().flatten().unwrap_or_default() {
                if broker.leave(news) {
                    let rest = Rest(Some(broker));
                    runtime.spawn(async move { rest.begin() });
                }
            }
            return;
        }
        let next = TELLING.try_with(|telling| {
            let mut telling = telling.borrow_mut();
            let next = telling.as_mut().and_then(VecDeque::pop_front);
            if next.is_none() {
                *telling = None;
            }
            next
        });
        match next {
            Ok(Some((broker, news))) => told += news.run(&broker),
            _ => return,
        }
    }
}

impl MemoryBroker {
    /// Tells what was left, unless this thread is telling something: then behind that.
    fn go_on(&self, hand_over: bool) {
        let left = self.take_left();
        let first = TELLING.try_with(|telling| {
            let mut telling = telling.borrow_mut();
            let first = telling.is_none();
            telling.get_or_insert_default().extend(left);
            first
        });
        if first == Ok(true) {
            go_on(0, hand_over);
        }
    }
}

/// Sees to it that what was left is told, also where its task is dropped with its runtime: users of the broker in other
/// runtimes wait for it. Whoever uses the broker before the task begins tells it instead.
struct Rest(Option<MemoryBroker>);

impl Rest {
    /// The task has begun: what is left of its turn is another's.
    fn begin(mut self) {
        if let Some(broker) = self.0.take() {
            broker.go_on(true);
        }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if let Some(broker) = self.0.take() {
            broker.go_on(false);
        }
    }
}

/// A panic of the one who is told is his own: it is logged, and the broker goes on for the others.
pub(super) fn guarded(tell: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(tell)).is_err() {
        tracing::error!("a callback of a transport panicked; its message stays unacknowledged");
    }
}

/// Lets a message arrive after a while; at once where there is no runtime to wait in.
fn later(broker: MemoryBroker, after: Duration, arrival: Arrival) {
    let arrive = move |broker: MemoryBroker| broker.operate(|state| state.arrive(arrival, now()));
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(async move {
            tokio::time::sleep(after).await;
            arrive(broker);
        })),
        Err(_) => arrive(broker),
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outlets = usize::from(self.outlet.is_some()) + self.others.len();
        f.debug_struct("News")
            .field("settled", &self.settled.is_some())
            .field("later", &self.later.len())
            .field("outlets", &outlets)
            .finish()
    }
}
