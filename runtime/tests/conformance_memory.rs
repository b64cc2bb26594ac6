//! The memory driver passes the conformance suite.
#![cfg(feature = "memory")]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::testing::conformance::{Cut, SCRIPTS, Suite};
use oslo_messaging::transport::{BoxFuture, Driver};
use std::sync::Arc;

fn suite() -> Suite {
    let broker = MemoryBroker::new();
    Suite::with_cut(move || -> BoxFuture<'static, (Arc<dyn Driver>, Cut)> {
        let driver = Arc::new(MemoryDriver::new(broker.clone()));
        let cut_driver = driver.clone();
        let cut: Cut = Box::new(move || {
            cut_driver.cut_off();
            Box::pin(async {})
        });
        Box::pin(async move { (driver as Arc<dyn Driver>, cut) })
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
