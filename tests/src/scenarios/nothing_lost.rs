//! Confirmed notifications while listeners and the broker come and go: each is handled at least once.

use crate::broker::Broker;
use crate::rust_peer::connect;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use oslo_messaging::notify::{Event, Listener, ListenerHandle, Notifier, Priority, handler_fn};
use oslo_messaging::{Context, Target};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// How many notifications are under way at a time.
const UNDER_WAY: usize = 64;
/// How long each step may take; what takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(240);

/// What was sent, and what it met.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// How many notifications are sent.
    pub notifications: usize,
    /// How often the listener is stopped and started.
    pub listener_restarts: usize,
    /// How often the broker is killed and started.
    pub broker_restarts: usize,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Notifications that the broker confirmed.
    pub confirmed: usize,
    /// Confirmed notifications that no handler has seen.
    pub lost: usize,
    /// Times that a handler saw a notification again.
    pub again: usize,
}

/// How often each notification was handled.
struct Journal {
    handled: Mutex<Vec<u32>>,
    different: watch::Sender<usize>,
}

impl Journal {
    fn record(&self, number: usize) {
        let mut handled = self.handled.lock().expect("no handler panics while it records");
        handled[number] += 1;
        if handled[number] == 1 {
            self.different.send_modify(|different| *different += 1);
        }
    }
}

/// Sends, restarts and waits until everything confirmed is handled, or nothing comes any more. `progress` is told what
/// happens.
pub async fn nothing_lost(node: &Broker, url: &str, course: Course, progress: impl Fn(String)) -> Outcome {
    let url = format!("{url}?amqp_durable_queues=true");
    let journal = Arc::new(Journal {
        handled: Mutex::new(vec![0; course.notifications]),
        different: watch::Sender::new(0),
    });
    let mut listener = listen(&url, &journal).await;
    let sending = connect(&url);
    let notifier = Notifier::builder(&sending).timeout(PATIENCE).build().expect("a notifier");
    let (sent, mut confirmed) = watch::channel(0);
    let sender = tokio::spawn(send(notifier, course.notifications, sent));

    let restarts = course.listener_restarts + course.broker_restarts;
    for restart in 0..restarts {
        let milestone = course.notifications * (restart + 1) / (restarts + 1);
        let reached = confirmed.wait_for(|confirmed| *confirmed >= milestone);
        drop(crate::wait::within(PATIENCE, "the next restart", reached).await);
        // The broker's restarts lie between the listener's.
        let broker =
            (restart + 1) * course.broker_restarts / restarts > restart * course.broker_restarts / restarts;
        if broker {
            progress(format!("{milestone} confirmed: the broker is killed"));
            node.kill().await;
            node.start().await;
        } else {
            let stopped = stop(listener).await;
            progress(format!("{milestone} confirmed: the listener was stopped: {stopped}"));
            listener = listen(&url, &journal).await;
        }
    }
    let confirmed =
        crate::wait::within(PATIENCE, "all sends", sender).await.expect("the sender does not panic");
    progress(format!("{} confirmed, {} handled", confirmed.len(), *journal.different.borrow()));
    let lost = || {
        let handled = journal.handled.lock().expect("no handler panics while it records");
        confirmed.iter().filter(|&&number| handled[number] == 0).count()
    };
    let mut changes = journal.different.subscribe();
    // Until the last one is handled; a minute without a new one means that some never come.
    while lost() > 0 {
        if tokio::time::timeout(Duration::from_secs(60), changes.changed()).await.is_err() {
            break;
        }
    }
    stop(listener).await;
    sending.close(Duration::from_secs(10)).await;
    let handled = journal.handled.lock().expect("no handler panics while it records");
    let again = handled.iter().map(|&times| times.saturating_sub(1) as usize).sum();
    drop(handled);
    Outcome { confirmed: confirmed.len(), lost: lost(), again }
}

async fn listen(url: &str, journal: &Arc<Journal>) -> (oslo_messaging::Transport, ListenerHandle) {
    let transport = connect(url);
    let journal = Arc::clone(journal);
    let recording = handler_fn(&[Priority::Info], move |event: Event| {
        let journal = Arc::clone(&journal);
        async move {
            let number: usize = event.payload.decode().expect("the payload is a number");
            // As long as a real handler takes to do something: several are under way when the listener goes.
            tokio::task::yield_now().await;
            journal.record(number);
        }
    });
    let listener = Listener::builder(&transport).target(Target::topic("notifications")).endpoint(recording);
    let listener = listener.allow_requeue(true).build().expect("a listener");
    let handle = listener.start().await.expect("it starts");
    (transport, handle)
}

async fn stop((transport, listener): (oslo_messaging::Transport, ListenerHandle)) -> String {
    listener.stop();
    let stopped = listener.wait(PATIENCE).await;
    transport.close(Duration::from_secs(10)).await;
    format!("{stopped:?}")
}

/// Sends the numbers from 0 on; gives those that were confirmed.
async fn send(notifier: Notifier, count: usize, sent: watch::Sender<usize>) -> Vec<usize> {
    let context = Context::new();
    let mut confirmed = Vec::with_capacity(count);
    let mut under_way = FuturesUnordered::new();
    for number in 0..count {
        if under_way.len() >= UNDER_WAY {
            confirmed.extend(under_way.next().await.flatten());
            sent.send_replace(confirmed.len());
        }
        let send = notifier.info(&context, "number", &number);
        under_way.push(async move { send.await.is_ok().then_some(number) });
    }
    while let Some(end) = under_way.next().await {
        confirmed.extend(end);
        sent.send_replace(confirmed.len());
    }
    confirmed
}
