//! The memory driver passes the conformance suite.
#![cfg(feature = "memory")]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::testing::conformance::{SCRIPTS, Suite};
use oslo_messaging::transport::{BoxFuture, Driver};
use std::sync::Arc;

fn suite() -> Suite {
    let broker = MemoryBroker::new();
    Suite::new(move || -> BoxFuture<'static, Arc<dyn Driver>> {
        let driver: Arc<dyn Driver> = Arc::new(MemoryDriver::new(broker.clone()));
        Box::pin(async move { driver })
    })
}

#[tokio::test]
async fn memory_passes_on_one_thread() {
    let report = suite().run().await;
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_passes_on_several_threads() {
    let report = suite().run().await;
    assert!(report.passed(), "{report}");
    for script in SCRIPTS {
        assert!(report.history(script.name).is_some(), "{} was not played", script.name);
    }
}
