//! What fails on the way of a notification keeps nothing else from arriving, takes nobody down, and is told truly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::drivers::memory::{FaultPlan, MemoryBroker, MemoryDriver};
use oslo_messaging::error::NotSentReason;
use oslo_messaging::json::RawJson;
use oslo_messaging::notify::{
    DriverFailure, MessagingDriver, NotificationQueue, Notifier, NotifyDriver, PreparedNotification,
    Priority, QueueFull, WhenFull,
};
use oslo_messaging::testing::TestDriver;
use oslo_messaging::transport::{
    BoxFuture, Capabilities, Consumer, Driver, DriverError, Health, Publish, PublishError, QueueState,
    ReplyAddress, Route, Settled, Sink, Subscription, TransportOptions,
};
use oslo_messaging::wire::{Compression, Oslo2, WireFormat};
use oslo_messaging::{Context, Transport};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The broker in the process behind a road on which messages of some topics fail.
#[derive(Debug)]
struct Road {
    broker: MemoryDriver,
    lost: AtomicU32,
    /// What it says of the next messages of the topic `scripted`, which all arrive.
    words: Mutex<VecDeque<PublishError>>,
}

impl Driver for Road {
    fn publish(&self, message: Publish, settled: Settled) {
        let Route::Notification { topic, .. } = &message.route else {
            return self.broker.publish(message, settled);
        };
        match &**topic {
            "refused" => settled(Err(PublishError::NotSent(NotSentReason::Refused {
                what: "the declaration of `refused.info`".to_owned(),
                cause: "406 PRECONDITION_FAILED".to_owned(),
            }))),
            // A connection that is lost twice before the message has gone.
            "slow" if self.lost.fetch_add(1, Ordering::Relaxed) < 2 => {
                settled(Err(PublishError::Lost { cause: "the connection was lost".to_owned(), node: None }));
            }
            "scripted" => match self.words.lock().unwrap().pop_front() {
                Some(error) => self.broker.publish(message, Box::new(move |_| settled(Err(error)))),
                None => self.broker.publish(message, settled),
            },
            // As a driver that cannot connect: it says so when the deadline has come, by its own clock.
            "unreachable" => {
                let deadline = tokio::time::Instant::from_std(message.deadline.unwrap());
                tokio::spawn(async move {
                    tokio::time::sleep_until(deadline + Duration::from_millis(10)).await;
                    let waited = Duration::from_secs(5);
                    let cause = "connection refused".to_owned();
                    let reason = NotSentReason::Unreachable { waited, attempts: 3, cause };
                    settled(Err(PublishError::NotSent(reason)));
                });
            }
            _ => self.broker.publish(message, settled),
        }
    }

    fn name(&self) -> &'static str {
        self.broker.name()
    }
    fn capabilities(&self) -> Capabilities {
        self.broker.capabilities()
    }
    fn format(&self) -> &dyn WireFormat {
        self.broker.format()
    }
    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>> {
        self.broker.subscribe(subscription, sink, deadline)
    }
    fn on_reply(&self, sink: Arc<dyn Sink>) {
        self.broker.on_reply(sink);
    }
    fn reply_address(&self) -> Option<ReplyAddress> {
        self.broker.reply_address()
    }
    fn reply_address_by(
        &self,
        deadline: Option<Instant>,
        retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>> {
        self.broker.reply_address_by(deadline, retry)
    }
    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>> {
        self.broker.inspect(route)
    }
    fn health(&self) -> watch::Receiver<Health> {
        self.broker.health()
    }
    fn close(&self, limit: Duration) -> BoxFuture<'static, ()> {
        self.broker.close(limit)
    }
}

fn road(broker: &MemoryBroker) -> Transport {
    scripted(broker, [])
}

fn scripted(broker: &MemoryBroker, words: impl IntoIterator<Item = PublishError>) -> Transport {
    let words = Mutex::new(words.into_iter().collect());
    let road = Road { broker: MemoryDriver::new(broker.clone()), lost: AtomicU32::new(0), words };
    Transport::new(Arc::new(road), TransportOptions::default())
}

fn waiting(broker: &MemoryBroker, queue: &str) -> Option<u32> {
    broker.queue(queue).map(|queue| queue.messages)
}

/// A driver that panics, at once or when it is awaited.
#[derive(Debug)]
struct Panicking {
    at_once: bool,
}

impl NotifyDriver for Panicking {
    fn name(&self) -> &str {
        "panicking"
    }

    fn send<'a>(&'a self, _: &'a PreparedNotification) -> BoxFuture<'a, Result<(), DriverFailure>> {
        assert!(!self.at_once, "a bug in send");
        Box::pin(async { panic!("a bug behind an await") })
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_fails_keeps_no_other_from_its_copy() {
    let broker = MemoryBroker::new();
    let transport = road(&broker);
    let notifier = Notifier::builder(&transport).topics(["refused", "slow", "plain"]).build().unwrap();
    let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
    assert_eq!(
        (waiting(&broker, "slow.info"), waiting(&broker, "plain.info")),
        (Some(1), Some(1)),
        "{error}"
    );
    let text = error.to_string();
    assert!(
        text.contains("not sent to topic `refused`")
            && text.ends_with("topics that have it: `slow`, `plain`"),
        "{text}"
    );
    assert!(error.may_have_arrived());

    let notifier = Notifier::builder(&transport).topics(["refused", "refused"]).build().unwrap();
    let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
    assert!(!error.may_have_arrived(), "{error}");
    assert_eq!(
        error.to_string().matches("refused.info").count(),
        1,
        "what is the same is said once: {error}"
    );
}

#[tokio::test]
async fn an_exchange_that_no_broker_holds_is_refused_before_anything_is_sent() {
    let broker = MemoryBroker::new();
    let transport = road(&broker);
    for name in ["a".repeat(256), String::new()] {
        let driver = MessagingDriver::v2(&transport).exchange(&name);
        let notifier = Notifier::builder(&transport).topic("plain").driver(driver).build().unwrap();
        let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
        assert!(!error.may_have_arrived() && error.to_string().contains("the exchange is"), "{error}");
    }
    assert_eq!(waiting(&broker, "plain.info"), None);
}

#[tokio::test]
async fn drivers_of_one_name_are_told_apart() {
    let broker = MemoryBroker::new();
    let transport = road(&broker);
    let notifier = Notifier::builder(&transport).topic("plain").driver(TestDriver::new());
    let failing = TestDriver::new();
    failing.fail_next("the disk is full");
    let notifier = notifier.driver(failing).build().unwrap();
    let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
    assert!(error.to_string().ends_with("driver `test`: the disk is full; taken by `test`"), "{error}");
}

#[tokio::test]
async fn a_driver_that_panics_is_one_that_fails() {
    for at_once in [true, false] {
        let kept = TestDriver::new();
        let notifier =
            Notifier::without_transport().driver(Panicking { at_once }).driver(kept.clone()).build().unwrap();
        let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err().to_string();
        assert!(error.contains("driver `panicking`: panicked: a bug"), "{error}");
        kept.assert_sent("evt");

        let queue = notifier.queued(10, WhenFull::Wait);
        for _ in 0..30 {
            queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
        }
        let stats = queue.close(Duration::from_secs(10)).await;
        assert_eq!((stats.failed, stats.waiting, stats.under_way), (30, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_driver_knows_at_the_deadline_is_what_the_error_says() {
    let broker = MemoryBroker::new();
    let notifier = Notifier::builder(&road(&broker))
        .topic("unreachable")
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap();
    let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
    assert!(error.to_string().contains("connection refused") && !error.may_have_arrived(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_arrived_once_is_never_said_not_to_have_been_sent() {
    let cause = || "the first word".to_owned();
    let doubtful: [fn(String) -> PublishError; 3] = [
        |cause| PublishError::Lost { cause, node: None },
        |cause| PublishError::Refused { cause, node: None },
        |cause| PublishError::Unconfirmed { cause, node: None },
    ];
    let later = [
        PublishError::NotSent(NotSentReason::Closed),
        PublishError::Returned {
            exchange: "openstack".to_owned(),
            routing_key: "scripted.info".to_owned(),
            code: 312,
            text: "NO_ROUTE".to_owned(),
            node: None,
        },
    ];
    for (first, then) in doubtful.iter().flat_map(|first| later.iter().map(move |then| (first, then))) {
        let broker = MemoryBroker::new();
        let transport = scripted(&broker, [first(cause()), then.clone()]);
        let notifier = Notifier::builder(&transport).topic("scripted").retry(1).build().unwrap();
        let error = notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
        assert!(error.may_have_arrived(), "{error}");
        assert!(error.to_string().contains("the first word, and then it was not sent again"), "{error}");
    }
}

#[tokio::test]
async fn what_format_1_would_change_is_refused_wherever_it_stands() {
    let broker = MemoryBroker::new();
    let transport = road(&broker);
    let notifier =
        Notifier::builder(&transport).driver(MessagingDriver::v1(&transport)).context_field("extra");
    let notifier = notifier.build().unwrap();
    let odd = serde_json::json!({"__type__": 1, "__value__": 2});
    // Python refuses a pair whose type it does not know, and throws the message away.
    notifier.info(&Context::new(), "evt", &odd).await.unwrap_err();
    let context = Context::new().with("extra", &serde_json::json!([odd])).unwrap();
    notifier.info(&context, "evt", &()).await.unwrap_err();
    assert!(broker.queues().is_empty());
}

#[tokio::test]
async fn what_a_listener_would_refuse_is_not_sent() {
    let broker = MemoryBroker::new();
    let format = Oslo2::new().with_compression(Some(Compression::Gzip));
    let driver = Arc::new(MemoryDriver::with_format(broker.clone(), Arc::new(format)));
    let transport = Transport::new(driver, TransportOptions::default());
    let large = RawJson::encode(&"x".repeat(16 << 20)).unwrap();
    let deep: RawJson = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)).parse().unwrap();
    let keys = RawJson::encode(&(0..100_000).map(|n| (n, n)).collect::<BTreeMap<u32, u32>>()).unwrap();
    for driver in [MessagingDriver::v1(&transport), MessagingDriver::v2(&transport)] {
        let notifier = Notifier::builder(&transport).driver(driver).build().unwrap();
        for (payload, words) in [
            (&large, "bytes is over the limit of 16777216 bytes"),
            (&deep, "nested 1000001 levels deep, allowed are 128"),
            (&keys, "100007 keys, allowed are 100000"),
        ] {
            let error = notifier.info(&Context::new(), "evt", payload).await.unwrap_err();
            assert!(error.to_string().contains(words) && !error.may_have_arrived(), "{error}");
        }
    }
    assert!(broker.queues().is_empty());
}

/// A queue whose runtime has ended.
fn orphan(when_full: WhenFull) -> NotificationQueue {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let broker = MemoryBroker::new();
    broker.faults(FaultPlan { unconfirmed: 1.0, ..FaultPlan::seeded(1) });
    let transport = Transport::new(Arc::new(MemoryDriver::new(broker)), TransportOptions::default());
    let notifier = Notifier::builder(&transport).build().unwrap();
    let queue = runtime.block_on(async {
        let queue = notifier.queued(1, when_full);
        for _ in 0..2 {
            queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        queue
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    queue
}

#[test]
fn a_queue_whose_runtime_has_ended_keeps_nobody_waiting() {
    let queue = orphan(WhenFull::Wait);
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(nobody_waits(queue));
}

async fn nobody_waits(queue: NotificationQueue) {
    let soon = Duration::from_secs(5);
    let refused = tokio::time::timeout(soon, async {
        for _ in 0..3 {
            queue.push(Priority::Info, &Context::new(), "evt", &()).await?;
        }
        Ok::<_, QueueFull>(())
    });
    let refused = refused.await.expect("it does not wait for a runtime that is gone").unwrap_err();
    assert!(refused.to_string().contains("closed"), "{refused}");
    tokio::time::timeout(soon, queue.flush()).await.expect("nothing is to come");
    let stats = queue.stats();
    assert_eq!((stats.waiting, stats.under_way, stats.dropped), (0, 0, 2), "{stats:?}");
}

#[tokio::test]
async fn a_queue_that_is_closed_at_once_lets_those_go_who_wait_for_its_end() {
    let notifier = Notifier::without_transport().driver(TestDriver::new()).build().unwrap();
    let queue = notifier.queued(10, WhenFull::Fail);
    queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
    let (flushed, stats) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(5), queue.flush()),
        queue.close(Duration::ZERO)
    );
    flushed.expect("nothing waits any more");
    assert_eq!((stats.sent + stats.dropped, stats.waiting), (1, 0));
}
