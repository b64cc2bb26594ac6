//! The rabbit driver passes the conformance suite, and behaves as the memory driver does, event by event.

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::drivers::rabbit::{RabbitDriver, RabbitOptions};
use oslo_messaging::testing::conformance::{Report, SCRIPTS, Suite};
use oslo_messaging::transport::{BoxFuture, Driver, TransportUrl};
use std::sync::Arc;
use tests::broker::Broker;

async fn on_memory() -> Report {
    let broker = MemoryBroker::new();
    let suite = Suite::new(move || -> BoxFuture<'static, Arc<dyn Driver>> {
        let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new(broker.clone()));
        Box::pin(async move { driver })
    });
    suite.run().await
}

async fn on_rabbit(hint: &str, options: RabbitOptions) -> Report {
    let host = Broker::shared().virtual_host(hint).await;
    let url: TransportUrl = host.url().parse().unwrap();
    let suite = Suite::new(move || -> BoxFuture<'static, Arc<dyn Driver>> {
        let driver: Arc<dyn Driver> = Arc::new(RabbitDriver::connect(&url, &options).unwrap());
        Box::pin(async move { driver })
    });
    suite.run().await
}

fn assert_same(rabbit: &Report, memory: &Report) {
    assert!(memory.passed(), "{memory}");
    assert!(rabbit.passed(), "{rabbit}");
    for script in SCRIPTS {
        let (rabbit, memory) = (rabbit.history(script.name), memory.history(script.name));
        assert!(rabbit.is_some(), "{} was not played", script.name);
        assert_eq!(rabbit, memory, "{} went another way", script.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_behaves_as_memory() {
    assert_same(&on_rabbit("conformance", RabbitOptions::default()).await, &on_memory().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_with_durable_queues_behaves_as_memory() {
    let options = RabbitOptions { durable_queues: true, ..RabbitOptions::default() };
    assert_same(&on_rabbit("conformance-durable", options).await, &on_memory().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbit_in_the_callers_runtime_behaves_as_memory() {
    let options = RabbitOptions { io_in_caller_runtime: true, ..RabbitOptions::default() };
    assert_same(&on_rabbit("conformance-caller", options).await, &on_memory().await);
}
