//! The rabbit driver passes the conformance suite, and behaves as the memory driver does, event by event.

// A fixture has nobody to return an error to: it stops the test.
#![allow(clippy::unwrap_used)]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::drivers::rabbit::{ConnectionKind, RabbitDriver, RabbitOptions};
use oslo_messaging::id::MessageId;
use oslo_messaging::testing::conformance::{Cut, Report, SCRIPTS, Script, Suite};
use oslo_messaging::transport::{
    AckMode, BoxFuture, Delivery, Driver, Route, Sink, Subscription, TransportUrl,
};
use std::sync::Arc;
use tests::broker::{Broker, VirtualHost};
use tests::proxy::Proxy;

type Connected = (Arc<dyn Driver>, Cut);

async fn on_memory() -> Report {
    let broker = MemoryBroker::new();
    let suite = Suite::with_cut(move || -> BoxFuture<'static, Connected> {
        let driver = Arc::new(MemoryDriver::new(broker.clone()));
        let to_cut = driver.clone();
        let cut: Cut = Box::new(move || {
            to_cut.cut_off();
            Box::pin(async {})
        });
        Box::pin(async move { (driver as Arc<dyn Driver>, cut) })
    });
    suite.run().await
}

fn rabbit(url: &str, options: &RabbitOptions) -> Arc<dyn Driver> {
    let url: TransportUrl = url.parse().unwrap();
    Arc::new(RabbitDriver::connect(&url, options).unwrap())
}

/// Each driver behind a proxy of its own, which can cut its connections; `occupied` by a server, or not.
fn through_proxies(host: VirtualHost, options: RabbitOptions, occupied: bool) -> Suite {
    Suite::with_cut(move || -> BoxFuture<'static, Connected> {
        let (host, options) = (host.clone(), options.clone());
        Box::pin(async move {
            let proxy = Arc::new(Proxy::start(host.broker().address()).await);
            let driver = rabbit(&host.url_at(proxy.address()), &options);
            if occupied {
                occupy(&*driver).await;
            }
            let cut: Cut = Box::new(move || {
                let proxy = Arc::clone(&proxy);
                Box::pin(async move { proxy.cut_connections().await })
            });
            (driver, cut)
        })
    })
}

struct Nobody;

impl Sink for Nobody {
    fn deliver(&self, _: Delivery) {}

    fn interrupted(&self) {}
}

/// A subscription that lives as long as the driver.
async fn occupy(driver: &dyn Driver) {
    let topic = format!("occupied-{}", MessageId::random());
    let routes = vec![Route::Topic { exchange: "occupied".into(), topic: topic.into() }];
    let (ack_mode, label) = (AckMode::BeforeHandling, "somebody else".to_owned());
    let subscription = Subscription { routes, prefetch: 1, ack_mode, label };
    let consumer = driver.subscribe(subscription, Arc::new(Nobody), None).await.unwrap();
    // Dropping it would end it.
    std::mem::forget(consumer);
}

fn straight(host: VirtualHost, options: RabbitOptions) -> Suite {
    Suite::new(move || -> BoxFuture<'static, Arc<dyn Driver>> {
        let driver = rabbit(&host.url(), &options);
        Box::pin(async move { driver })
    })
}

fn assert_same(rabbit: &Report, memory: &Report, cuts: bool) {
    assert!(rabbit.passed(), "{rabbit}");
    assert_same_but(&[], rabbit, memory, cuts);
}

fn assert_same_but(others: &[&str], rabbit: &Report, memory: &Report, cuts: bool) {
    assert!(memory.passed(), "{memory}");
    let compared = |script: &&Script| (cuts || !script.cuts) && !others.contains(&script.name);
    for script in SCRIPTS.iter().filter(compared) {
        let report = rabbit;
        let (rabbit, memory) = (rabbit.history(script.name), memory.history(script.name));
        assert!(rabbit.is_some(), "{} was not played or failed: {report}", script.name);
        assert_eq!(rabbit, memory, "{} went another way", script.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_behaves_as_memory() {
    let host = Broker::shared().virtual_host("conformance").await;
    let suite = through_proxies(host, RabbitOptions::default(), false);
    assert_same(&suite.run().await, &on_memory().await, true);
}

/// As servers subscribe: on a channel that they share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_behaves_as_memory_on_a_shared_channel() {
    let host = Broker::shared().virtual_host("conformance-shared").await;
    let suite = through_proxies(host, RabbitOptions::default(), false).ack_mode(AckMode::BeforeHandling);
    assert_same(&suite.run().await, &on_memory().await, true);
}

/// The same, on a channel that is somebody else's before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_behaves_as_memory_on_a_channel_with_others() {
    let host = Broker::shared().virtual_host("conformance-joined").await;
    for connection in [ConnectionKind::Native, ConnectionKind::Lapin] {
        let options = RabbitOptions { connection, ..RabbitOptions::default() };
        let suite = through_proxies(host.clone(), options, true).ack_mode(AckMode::BeforeHandling);
        // `cut_server` holds all that it gets, which such a subscription does not, and counts what comes after a cut.
        assert_same_but(&["cut_server"], &suite.run().await, &on_memory().await, true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_with_durable_queues_behaves_as_memory() {
    let host = Broker::shared().virtual_host("conformance-durable").await;
    let suite = straight(host, RabbitOptions { durable_queues: true, ..RabbitOptions::default() });
    assert_same(&suite.run().await, &on_memory().await, false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_in_the_callers_runtime_behaves_as_memory() {
    let host = Broker::shared().virtual_host("conformance-caller").await;
    let suite = straight(host, RabbitOptions { io_in_caller_runtime: true, ..RabbitOptions::default() });
    assert_same(&suite.run().await, &on_memory().await, false);
}
