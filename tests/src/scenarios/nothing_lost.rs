//! Confirmed notifications while listeners stop and die and the broker comes and goes: each is handled at least once.

use crate::broker::Broker;
use crate::rust_peer::connect;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use oslo_messaging::notify::{Event, Listener, ListenerHandle, Notifier, Priority, handler_fn};
use oslo_messaging::{Context, Target, Transport};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// How many notifications are under way at a time.
const UNDER_WAY: usize = 64;
/// How long each step may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(240);

/// One number in so many fails at its first handler.
const FAILING: usize = 97;
/// How long a handler works.
const WORK: Duration = Duration::from_millis(1);

/// What was sent, and what it met.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// How many notifications are sent.
    pub notifications: usize,
    /// How often the listener is stopped and started.
    pub listener_restarts: usize,
    /// How often the listener ends without a stop, its handlers in the middle of their work.
    pub listener_deaths: usize,
    /// How often the broker is killed and started.
    pub broker_restarts: usize,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Notifications that the broker confirmed.
    pub confirmed: usize,
    /// Confirmed notifications that no handler has ended well with.
    pub lost: usize,
    /// Times that a handler ended well with a notification that one had ended well with before.
    pub again: usize,
    /// Notifications that a handler had when its listener died, and that were handled later.
    pub brought_back: usize,
    /// Times that a handler failed of a notification.
    pub failed: usize,
}

/// What befalls the listener or the broker.
#[derive(Debug, Clone, Copy)]
enum Step {
    Restart,
    Death,
    Broker,
}

impl Course {
    /// Each step with the number of confirmed notifications at which it is taken; those of one kind in even distances.
    fn steps(&self) -> Vec<(usize, Step)> {
        let spread = |count: usize, step: Step| {
            (1..=count).map(move |nth| (self.notifications * nth / (count + 1), step))
        };
        let restarts = spread(self.listener_restarts, Step::Restart);
        let deaths = spread(self.listener_deaths, Step::Death);
        let mut steps: Vec<_> =
            restarts.chain(deaths).chain(spread(self.broker_restarts, Step::Broker)).collect();
        steps.sort_by_key(|(milestone, _)| *milestone);
        steps
    }
}

/// What became of each notification.
#[derive(Default)]
struct Records {
    begun: Vec<u32>,
    handled: Vec<u32>,
    failed: usize,
    /// What handlers have begun and are not to end.
    held: BTreeSet<usize>,
    /// What handlers had when their listener died.
    left: BTreeSet<usize>,
}

/// What handlers write down, and where they wait to be killed.
struct Journal {
    records: Mutex<Records>,
    different: watch::Sender<usize>,
    /// Whether handlers that begin now are to be in the middle of their work when the listener dies.
    hold: watch::Sender<bool>,
    holding: watch::Sender<usize>,
}

impl Journal {
    fn new(notifications: usize) -> Self {
        let none = vec![0; notifications];
        let records = Records { begun: none.clone(), handled: none, ..Records::default() };
        Self {
            records: Mutex::new(records),
            different: watch::Sender::new(0),
            hold: watch::Sender::new(false),
            holding: watch::Sender::new(0),
        }
    }

    fn with<T>(&self, write: impl FnOnce(&mut Records) -> T) -> T {
        write(&mut self.records.lock().expect("no handler panics while it writes"))
    }

    /// Handles a number: works for a while, and fails of some at first.
    async fn handle(&self, number: usize) -> Result<(), &'static str> {
        let first = self.with(|records| {
            records.begun[number] += 1;
            records.begun[number] == 1
        });
        if *self.hold.borrow() {
            let held = self.with(|records| {
                records.held.insert(number);
                records.held.len()
            });
            self.holding.send_replace(held);
            return std::future::pending().await;
        }
        tokio::time::sleep(WORK).await;
        if first && number.is_multiple_of(FAILING) {
            self.with(|records| records.failed += 1);
            return Err("as the scenario has it");
        }
        let new = self.with(|records| {
            records.handled[number] += 1;
            records.handled[number] == 1
        });
        if new {
            self.different.send_modify(|different| *different += 1);
        }
        Ok(())
    }

    /// Waits until a handler of the listener is in the middle of its work.
    async fn caught(&self) {
        let mut holding = self.holding.subscribe();
        let caught = holding.wait_for(|holding| *holding > 0);
        drop(crate::wait::within(PATIENCE, "a handler at work", caught).await);
    }

    /// The listener is dead; how many notifications its handlers had.
    fn dead(&self) -> usize {
        self.hold.send_replace(false);
        self.holding.send_replace(0);
        self.with(|records| {
            let held = std::mem::take(&mut records.held);
            let count = held.len();
            records.left.extend(held);
            count
        })
    }
}

/// Sends, takes the steps and waits until everything confirmed is handled, or nothing comes any more. `progress` is told what
/// happens.
pub async fn nothing_lost(node: &Broker, url: &str, course: Course, progress: impl Fn(String)) -> Outcome {
    let url = format!("{url}?amqp_durable_queues=true");
    let journal = Arc::new(Journal::new(course.notifications));
    let mut listener = Peer::start(&url, &journal).await;
    let sending = connect(&url);
    let notifier = Notifier::builder(&sending).timeout(PATIENCE).build().expect("a notifier");
    let (sent, mut confirmed) = watch::channel(0);
    let steps = course.steps();
    // Sent is only what the next step waits for, so that each step has notifications on their way, however long one takes.
    let milestones: Vec<_> = steps.iter().map(|(at, _)| *at).chain([course.notifications]).collect();
    let mut milestones = milestones.into_iter();
    let allowed = watch::Sender::new(0);
    let sender = tokio::spawn(send(notifier, course.notifications, allowed.subscribe(), sent));

    allowed.send_replace(milestones.next().unwrap_or_default());
    for (milestone, step) in steps {
        let reached = confirmed.wait_for(|confirmed| *confirmed >= milestone);
        drop(crate::wait::within(PATIENCE, "the next step", reached).await);
        if matches!(step, Step::Death) {
            journal.hold.send_replace(true);
        }
        allowed.send_replace(milestones.next().unwrap_or_default());
        match step {
            Step::Restart => {
                let stopped = listener.stop().await;
                progress(format!("{milestone} confirmed: the listener was stopped: {stopped}"));
                listener = Peer::start(&url, &journal).await;
            }
            Step::Death => {
                journal.caught().await;
                listener.die().await;
                progress(format!("{milestone} confirmed: the listener died with {} at work", journal.dead()));
                listener = Peer::start(&url, &journal).await;
            }
            Step::Broker => {
                progress(format!("{milestone} confirmed: the broker is killed"));
                node.kill().await;
                node.start().await;
            }
        }
    }
    let confirmed =
        crate::wait::within(PATIENCE, "all sends", sender).await.expect("the sender does not panic");
    progress(format!("{} confirmed, {} handled", confirmed.len(), *journal.different.borrow()));
    let lost =
        || journal.with(|records| confirmed.iter().filter(|&&number| records.handled[number] == 0).count());
    let mut changes = journal.different.subscribe();
    // Until the last one is handled; a minute without a new one means that some never come.
    while lost() > 0 {
        if tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.is_err() {
            break;
        }
    }
    listener.stop().await;
    sending.close(Duration::from_secs(10)).await;
    let lost = lost();
    journal.with(|records| Outcome {
        confirmed: confirmed.len(),
        lost,
        again: records.handled.iter().map(|&times| times.saturating_sub(1) as usize).sum(),
        brought_back: records.left.iter().filter(|&&number| records.handled[number] > 0).count(),
        failed: records.failed,
    })
}

/// A listener with transport and handlers on a runtime of its own, as a process would have them.
struct Peer {
    transport: Transport,
    handle: ListenerHandle,
    runtime: Runtime,
}

impl Peer {
    async fn start(url: &str, journal: &Arc<Journal>) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (url, journal) = (url.to_owned(), Arc::clone(journal));
        let started = runtime.spawn(async move {
            let transport = connect(&url);
            let recording = handler_fn(&[Priority::Info], move |event: Event| {
                let journal = Arc::clone(&journal);
                async move { journal.handle(event.payload.decode().expect("the payload is a number")).await }
            });
            let listener =
                Listener::builder(&transport).target(Target::topic("notifications")).endpoint(recording);
            let listener = listener.allow_requeue(true).build().expect("a listener");
            let handle = listener.start().await.expect("it starts");
            (transport, handle)
        });
        let (transport, handle) = started.await.expect("the start does not panic");
        Self { transport, handle, runtime }
    }

    /// Stops in order.
    async fn stop(self) -> String {
        self.handle.stop();
        let stopped = self.handle.wait(PATIENCE).await;
        self.transport.close(Duration::from_secs(10)).await;
        self.runtime.shutdown_background();
        format!("{stopped:?}")
    }

    /// Ends at once, wherever its handlers are.
    async fn die(self) {
        self.runtime.shutdown_background();
        crate::wait::within(PATIENCE, "the end of a listener without a runtime", self.handle.wait(PATIENCE))
            .await;
    }
}

/// Sends the numbers from 0 on; gives those that were confirmed.
async fn send(
    notifier: Notifier,
    count: usize,
    mut allowed: watch::Receiver<usize>,
    sent: watch::Sender<usize>,
) -> Vec<usize> {
    let context = Context::new();
    let mut confirmed = Vec::with_capacity(count);
    let mut under_way = FuturesUnordered::new();
    let mut number = 0;
    while number < count || !under_way.is_empty() {
        let may_send = number < count.min(*allowed.borrow_and_update()) && under_way.len() < UNDER_WAY;
        if may_send {
            let send = notifier.info(&context, "number", &number);
            under_way.push(async move { send.await.is_ok().then_some(number) });
            number += 1;
            continue;
        }
        tokio::select! {
            Some(end) = under_way.next() => {
                confirmed.extend(end);
                sent.send_replace(confirmed.len());
            }
            Ok(()) = allowed.changed() => {}
            else => break,
        }
    }
    confirmed
}
