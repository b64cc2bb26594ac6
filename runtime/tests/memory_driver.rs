//! What the memory driver promises beyond the conformance suite: size, threads, callbacks, sharing.
#![cfg(feature = "memory")]
// Sinks of the tests stop the test where something cannot be.
#![allow(clippy::unwrap_used, clippy::panic)]

mod memory_support;

use futures_util::FutureExt;
use memory_support::{Listener, driver, leave_queue, listen, message, publish, send, subscribe, text, topic};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::NotSentReason;
use oslo_messaging::transport::{
    AckMode, Consumer, Delivery, Driver, DriverError, Health, PublishError, Route, Sink, Subscription,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;

const MANY: usize = 100_000;
const LONG: usize = 20_000;

#[tokio::test]
async fn a_hundred_thousand_messages_wait_are_held_come_back_and_go() {
    let (broker, driver) = driver();
    let topic = topic("topic");
    leave_queue(&*driver, &topic).await;
    for number in 0..MANY {
        send(&*driver, &topic, &number.to_string());
    }
    assert_eq!(broker.queue("topic").unwrap().messages as usize, MANY);
    let listener = listen(&*driver, &topic, 0).await;
    assert_eq!(broker.unacknowledged("topic"), Some(MANY));
    assert_eq!(listener.deliveries.len(), MANY);
    listener.consumer.close().await;
    assert_eq!(broker.queue("topic").unwrap().messages as usize, MANY);
    let mut listener = listen(&*driver, &topic, 0).await;
    for number in 0..MANY {
        let delivery = listener.next().await;
        assert_eq!((text(&delivery), delivery.redelivered), (number.to_string(), true));
        delivery.ack.ack();
    }
    assert_eq!(broker.unacknowledged("topic"), Some(0));
}

/// Publishes the next number from within each delivery, and counts how deep calls are nested.
struct Chain {
    driver: Arc<MemoryDriver>,
    depth: AtomicUsize,
    last: mpsc::UnboundedSender<usize>,
}

impl Sink for Chain {
    fn deliver(&self, delivery: Delivery) {
        assert_eq!(self.depth.fetch_add(1, Ordering::Relaxed), 0, "one delivery at a time, not nested");
        let number: usize = text(&delivery).parse().unwrap();
        delivery.ack.ack();
        if number == LONG {
            self.last.send(number).unwrap();
        } else {
            drop(publish(&*self.driver, message(&topic("topic"), &(number + 1).to_string())));
        }
        self.depth.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn a_long_chain_of_publishes_from_deliveries_does_not_nest() {
    let (_broker, driver) = driver();
    let (last, mut done) = mpsc::unbounded_channel();
    let chain = Chain { driver: driver.clone(), depth: AtomicUsize::new(0), last };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _consumer = runtime.block_on(subscribe(&*driver, &topic("topic"), 1, Arc::new(chain)));
    // Outside of a runtime the whole chain runs on this call.
    drop(publish(&*driver, message(&topic("topic"), "0")));
    assert_eq!(done.try_recv(), Ok(LONG));
}

#[tokio::test]
async fn within_a_runtime_a_long_chain_does_not_hold_its_first_publisher() {
    let (_broker, driver) = driver();
    let (last, mut done) = mpsc::unbounded_channel();
    let chain = Chain { driver: driver.clone(), depth: AtomicUsize::new(0), last };
    let _consumer = subscribe(&*driver, &topic("topic"), 1, Arc::new(chain)).await;
    drop(publish(&*driver, message(&topic("topic"), "0")));
    assert!(done.try_recv().is_err(), "the publisher has its thread back before the end");
    assert_eq!(done.recv().await, Some(LONG));
}

/// A chain of which a runtime that is not driven any more has left the greater part, and where its end is told.
struct Left {
    driver: Arc<MemoryDriver>,
    done: mpsc::UnboundedReceiver<usize>,
    runtime: tokio::runtime::Runtime,
    consumer: Box<dyn Consumer>,
}

fn left_chain() -> Left {
    let (_broker, driver) = driver();
    let (last, mut done) = mpsc::unbounded_channel();
    let chain = Chain { driver: driver.clone(), depth: AtomicUsize::new(0), last };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let consumer = runtime.block_on(async {
        let consumer = subscribe(&*driver, &topic("topic"), 1, Arc::new(chain)).await;
        drop(publish(&*driver, message(&topic("topic"), "0")));
        consumer
    });
    assert!(done.try_recv().is_err(), "the chain ended too early for this test");
    Left { driver, done, runtime, consumer }
}

#[test]
fn what_a_runtime_leaves_when_it_goes_is_delivered_all_the_same() {
    let Left { mut done, runtime, consumer: _consumer, .. } = left_chain();
    drop(runtime);
    // Nobody has to use the broker for it: somebody may be waiting in another runtime.
    assert_eq!(done.try_recv(), Ok(LONG));
}

/// A task of a runtime that is not driven holds nobody up.
#[test]
fn between_two_turns_of_a_runtime_others_go_on() {
    let Left { driver, mut done, runtime, consumer } = left_chain();
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    other.block_on(async {
        drop(publish(&*driver, message(&topic("topic"), &LONG.to_string())));
        assert_eq!(done.recv().await, Some(LONG), "the message of this runtime");
        assert_eq!(done.recv().await, Some(LONG), "the chain that was left");
    });
    runtime.block_on(consumer.close());
}

/// Not only the first turn ends: a thread is given back after each.
#[tokio::test]
async fn other_tasks_run_between_the_turns_of_a_long_chain() {
    let (_broker, driver) = driver();
    let (last, mut done) = mpsc::unbounded_channel();
    let chain = Chain { driver: driver.clone(), depth: AtomicUsize::new(0), last };
    let _consumer = subscribe(&*driver, &topic("topic"), 1, Arc::new(chain)).await;
    drop(publish(&*driver, message(&topic("topic"), "0")));
    // A task like that of a turn, so that both stand in one line.
    let turns = tokio::spawn(async move {
        let mut turns = 0;
        while done.try_recv().is_err() {
            turns += 1;
            let mut waited = false;
            std::future::poll_fn(|cx| {
                cx.waker().wake_by_ref();
                if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        turns
    });
    let turns = turns.await.unwrap();
    assert!(turns >= 5, "{turns} turns for {LONG} deliveries");
}

/// Holds up whoever delivers to it until it is let go.
struct Slow {
    entered: mpsc::UnboundedSender<()>,
    let_go: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl Sink for Slow {
    fn deliver(&self, _delivery: Delivery) {
        self.entered.send(()).unwrap();
        self.let_go.lock().unwrap().recv().unwrap();
    }
}

#[tokio::test]
async fn whatever_ends_behind_the_close_of_its_driver_waits_for_a_delivery_in_progress() {
    let (_broker, driver) = driver();
    let (entered, mut delivering) = mpsc::unbounded_channel();
    let (go, let_go) = std::sync::mpsc::channel();
    let slow = Slow { entered, let_go: Mutex::new(let_go) };
    let consumer = subscribe(&*driver, &topic("topic"), 1, Arc::new(slow)).await;
    let publisher = std::thread::spawn({
        let driver = driver.clone();
        move || drop(publish(&*driver, message(&topic("topic"), "1")))
    });
    delivering.recv().await.unwrap();
    let closing = tokio::spawn(driver.close(Duration::ZERO));
    assert_eq!(*driver.health().borrow(), Health::Closed);
    for end in [consumer.cancel(), consumer.close(), driver.close(Duration::ZERO)] {
        assert!(end.now_or_never().is_none(), "it is still being told");
    }
    go.send(()).unwrap();
    consumer.close().await;
    closing.await.unwrap();
    publisher.join().unwrap();
}

/// Says what it is told, by its name.
struct Telling(&'static str, mpsc::UnboundedSender<String>);

impl Sink for Telling {
    fn deliver(&self, delivery: Delivery) {
        self.1.send(format!("{} gets {}", self.0, text(&delivery))).unwrap();
    }

    fn interrupted(&self) {
        self.1.send(format!("{} is interrupted", self.0)).unwrap();
    }
}

#[tokio::test]
async fn who_holds_deliveries_of_a_driver_that_ends_learns_of_it_before_others_have_them() {
    for close in [true, false] {
        let (broker, driver) = driver();
        let other = MemoryDriver::new(broker.clone());
        let (telling, mut told) = mpsc::unbounded_channel();
        let a = Arc::new(Telling("a", telling.clone()));
        let _a = subscribe(&*driver, &topic("topic"), 2, a).await;
        driver.on_reply(Arc::new(Telling("the caller", telling.clone())));
        driver.reply_address().unwrap();
        send(&other, &topic("topic"), "1");
        send(&other, &topic("topic"), "2");
        let _b = subscribe(&other, &topic("topic"), 2, Arc::new(Telling("b", telling))).await;
        if close {
            driver.close(Duration::ZERO).await;
            // The second one has nothing to end.
            driver.close(Duration::ZERO).await;
        }
        drop(driver);
        let told: Vec<String> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(told, ["a gets 1", "a gets 2", "a is interrupted", "b gets 1", "b gets 2"]);
    }
}

/// Whichever comes first, nothing is consumed by a driver that is closed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_meets_a_close_does_not_outlive_it() {
    for round in 0..200 {
        let (broker, driver) = memory_support::driver();
        let closing = tokio::spawn({
            let driver = driver.clone();
            async move { driver.close(Duration::ZERO).await }
        });
        let subscription = Subscription {
            routes: vec![topic("topic")],
            prefetch: 1,
            ack_mode: AckMode::AfterHandling,
            label: "the test".to_owned(),
        };
        let sink = Arc::new(Counting(Arc::default()));
        let subscribed = driver.subscribe(subscription, sink, None).await;
        closing.await.unwrap();
        let consumers = broker.queue("topic").map_or(0, |queue| queue.consumers);
        assert_eq!(consumers, 0, "round {round}: {:?}", subscribed.err());
    }
}

struct Panicking;

impl Sink for Panicking {
    fn deliver(&self, _delivery: Delivery) {
        panic!("a fault of the test's own");
    }
}

#[tokio::test]
async fn a_panicking_sink_hurts_nobody_else() {
    let (broker, driver) = driver();
    let consumer = subscribe(&*driver, &topic("bad"), 1, Arc::new(Panicking)).await;
    let mut good = listen(&*driver, &topic("good"), 1).await;
    send(&*driver, &topic("bad"), "1");
    send(&*driver, &topic("good"), "2");
    assert_eq!(good.texts(), ["2"]);
    consumer.close().await;
    assert_eq!(broker.queue("bad").unwrap().messages, 1);
}

/// Owns what it listens with, and drops it when it is told to, or when it is dropped itself.
struct Owner {
    consumer: Mutex<Option<Box<dyn Consumer>>>,
    _driver: Arc<MemoryDriver>,
}

impl Sink for Owner {
    fn deliver(&self, delivery: Delivery) {
        delivery.ack.ack();
        drop(self.consumer.lock().unwrap().take());
    }
}

#[tokio::test]
async fn a_sink_may_drop_its_own_consumer_and_driver() {
    let (broker, driver) = driver();
    let other = Arc::new(MemoryDriver::new(broker.clone()));
    let owner = Arc::new(Owner { consumer: Mutex::default(), _driver: driver.clone() });
    let consumer = subscribe(&*driver, &topic("topic"), 1, owner.clone()).await;
    *owner.consumer.lock().unwrap() = Some(consumer);
    drop((owner, driver));
    send(&*other, &topic("topic"), "1");
    send(&*other, &topic("topic"), "2");
    let state = broker.queue("topic").unwrap();
    assert_eq!((state.messages, state.consumers), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_threads_lose_and_double_nothing() {
    const EACH: usize = 2_000;
    let (broker, driver) = driver();
    let topic = topic("topic");
    leave_queue(&*driver, &topic).await;
    let done = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let (all, mut all_done) = mpsc::unbounded_channel();
    let mut listeners = Vec::new();
    for at in 0..3 {
        let mut listener = listen(&*driver, &topic, 16).await;
        let (done, all) = (done.clone(), all.clone());
        listeners.push(tokio::spawn(async move {
            let mut seen = 0;
            let Listener { consumer: _consumer, deliveries } = &mut listener;
            while let Some(delivery) = deliveries.recv().await {
                seen += 1;
                if seen % 7 == at && !delivery.redelivered {
                    delivery.ack.reject(true);
                    continue;
                }
                *done.lock().unwrap().entry(text(&delivery)).or_default() += 1;
                delivery.ack.ack();
                all.send(()).unwrap();
            }
        }));
    }
    let publishers: Vec<_> = (0..4)
        .map(|publisher| {
            let (driver, topic) = (driver.clone(), topic.clone());
            std::thread::spawn(move || {
                for number in 0..EACH {
                    drop(publish(&*driver, message(&topic, &format!("{publisher}-{number}"))));
                }
            })
        })
        .collect();
    for _ in 0..4 * EACH {
        tokio::time::timeout(Duration::from_secs(60), all_done.recv())
            .await
            .expect("all are acknowledged")
            .unwrap();
    }
    publishers.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(done.lock().unwrap().values().all(|times| *times == 1));
    assert_eq!(done.lock().unwrap().len(), 4 * EACH);
    assert_eq!((broker.queue("topic").unwrap().messages, broker.unacknowledged("topic")), (0, Some(0)));
    driver.close(Duration::from_secs(1)).await;
    for listener in listeners {
        listener.await.unwrap();
    }
}

struct Counting(Arc<AtomicUsize>);

impl Sink for Counting {
    fn deliver(&self, delivery: Delivery) {
        self.0.fetch_add(1, Ordering::SeqCst);
        delivery.ack.ack();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_delivered_after_a_cancel_while_others_publish() {
    for _ in 0..50 {
        let (_broker, driver) = driver();
        let count = Arc::new(AtomicUsize::new(0));
        let consumer = subscribe(&*driver, &topic("topic"), 0, Arc::new(Counting(count.clone()))).await;
        let publisher = {
            let driver = driver.clone();
            std::thread::spawn(move || {
                for _ in 0..500 {
                    drop(publish(&*driver, message(&topic("topic"), "1")));
                }
            })
        };
        consumer.cancel().await;
        let at_cancel = count.load(Ordering::SeqCst);
        publisher.join().unwrap();
        assert_eq!(count.load(Ordering::SeqCst), at_cancel);
    }
}

#[tokio::test]
async fn drivers_of_one_name_share_a_broker() {
    let (name, topic) = (oslo_messaging::id::MessageId::random().to_string(), topic("topic"));
    let (one, two) =
        (MemoryDriver::new(MemoryBroker::named(&name)), MemoryDriver::new(MemoryBroker::named(&name)));
    let mut listener = listen(&one, &topic, 0).await;
    send(&two, &topic, "1");
    assert_eq!(listener.texts(), ["1"]);
    drop((listener, one, two));
    assert_eq!(MemoryBroker::named(&name).queues(), ["topic"], "it outlives its drivers");
    assert_eq!(MemoryBroker::named("another").queue("topic"), None);
    assert_eq!(MemoryBroker::new().queue("topic"), None);
}

#[tokio::test]
async fn a_dropped_driver_gives_back_and_takes_its_own_queues_along() {
    let (broker, driver) = driver();
    let routes = [topic("topic"), Route::Fanout { topic: "topic".into() }];
    let other = MemoryDriver::new(broker.clone());
    let listener = listen(&*driver, &routes[0], 0).await;
    let fanout = listen(&*driver, &routes[1], 0).await;
    driver.on_reply(Arc::new(Counting(Arc::default())));
    assert!(driver.reply_address().is_some());
    send(&other, &routes[0], "1");
    assert_eq!(broker.queues().len(), 3, "{:?}", broker.queues());
    let mut health = driver.health();
    assert!(health.borrow_and_update().is_ready());
    drop(driver);
    assert_eq!(*health.borrow(), Health::Closed);
    assert_eq!(broker.queues(), ["topic"]);
    assert_eq!(broker.queue("topic").unwrap().messages, 1);
    drop((listener, fanout));
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let (_broker, driver) = driver();
    let refused = driver.reply_address_by(None, None).await.unwrap_err().to_string();
    assert!(refused.contains("on_reply"), "{refused}");

    let _listener = listen(&*driver, &Route::Fanout { topic: "a".into() }, 0).await;
    let collides = Route::Topic { exchange: "a_fanout".into(), topic: "b".into() };
    let outcome = publish(&*driver, message(&collides, "1")).try_recv().unwrap();
    assert!(
        matches!(&outcome, Err(PublishError::NotSent(NotSentReason::InvalidTarget(why))) if why.contains("a_fanout")),
        "{outcome:?}"
    );
    for (route, expected) in
        [(collides, "a_fanout"), (Route::Reply { address: "reply".into() }, "reply address")]
    {
        let subscription = Subscription {
            routes: vec![route],
            prefetch: 0,
            ack_mode: AckMode::AfterHandling,
            label: "the test".to_owned(),
        };
        let refused = driver.subscribe(subscription, Arc::new(Panicking), None).await.err();
        let said = refused.as_ref().map(DriverError::to_string).unwrap_or_default();
        assert!(said.contains(expected), "{said}");
    }
}
