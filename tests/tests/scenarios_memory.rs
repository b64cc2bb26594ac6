//! The stories of `tests::scenarios` on the broker in the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::transport::{Transport, TransportOptions};
use std::sync::Arc;
use tests::scenarios;

fn transport() -> Transport {
    Transport::new(Arc::new(MemoryDriver::new(MemoryBroker::new())), TransportOptions::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_eighth_call_has_no_queue() {
    scenarios::every_eighth_call_has_no_queue(&transport(), "mixed", 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cast_runs_once_while_its_server_comes_and_goes() {
    let broker = MemoryBroker::new();
    let transport =
        || Transport::new(Arc::new(MemoryDriver::new(broker.clone())), TransportOptions::default());
    scenarios::each_cast_runs_once_while_its_server_comes_and_goes(&transport(), &transport(), "comes", 300)
        .await;
}
