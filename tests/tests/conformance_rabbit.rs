//! The rabbit driver passes the conformance suite, and behaves as the memory driver does, event by event.

// A fixture has nobody to return an error to: it stops the test.
#![allow(clippy::unwrap_used)]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::drivers::rabbit::{RabbitDriver, RabbitOptions};
use oslo_messaging::testing::conformance::{Cut, Report, SCRIPTS, Suite};
use oslo_messaging::transport::{BoxFuture, Driver, TransportUrl};
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

/// Each driver behind a proxy of its own, which can cut its connections.
fn through_proxies(host: VirtualHost, options: RabbitOptions) -> Suite {
    Suite::with_cut(move || -> BoxFuture<'static, Connected> {
        let (host, options) = (host.clone(), options.clone());
        Box::pin(async move {
            let proxy = Arc::new(Proxy::start(host.broker().address()).await);
            let driver = rabbit(&host.url_at(proxy.address()), &options);
            let cut: Cut = Box::new(move || {
                let proxy = Arc::clone(&proxy);
                Box::pin(async move { proxy.cut_connections().await })
            });
            (driver, cut)
        })
    })
}

fn straight(host: VirtualHost, options: RabbitOptions) -> Suite {
    Suite::new(move || -> BoxFuture<'static, Arc<dyn Driver>> {
        let driver = rabbit(&host.url(), &options);
        Box::pin(async move { driver })
    })
}

fn assert_same(rabbit: &Report, memory: &Report, cuts: bool) {
    assert!(memory.passed(), "{memory}");
    assert!(rabbit.passed(), "{rabbit}");
    for script in SCRIPTS.iter().filter(|script| cuts || !script.cuts) {
        let (rabbit, memory) = (rabbit.history(script.name), memory.history(script.name));
        assert!(rabbit.is_some(), "{} was not played", script.name);
        assert_eq!(rabbit, memory, "{} went another way", script.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_behaves_as_memory() {
    let host = Broker::shared().virtual_host("conformance").await;
    let suite = through_proxies(host, RabbitOptions::default());
    assert_same(&suite.run().await, &on_memory().await, true);
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
