//! The stories of `tests::scenarios` on RabbitMQ.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::transport::Transport;
use std::time::Duration;
use tests::broker::{Broker, VirtualHost};
use tests::scenarios;

async fn transport(host: &VirtualHost) -> Transport {
    let transport = Transport::connect(host.url()).unwrap();
    transport.ready(Duration::from_secs(10)).await.unwrap();
    transport
}

#[tokio::test(flavor = "multi_thread")]
async fn every_eighth_call_has_no_queue() {
    let host = Broker::shared().virtual_host("mixed").await;
    scenarios::every_eighth_call_has_no_queue(&transport(&host).await, "mixed", 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cast_runs_once_while_its_server_comes_and_goes() {
    let host = Broker::shared().virtual_host("comes").await;
    let (casting, serving) = (transport(&host).await, transport(&host).await);
    scenarios::each_cast_runs_once_while_its_server_comes_and_goes(&casting, &serving, "comes", 300).await;
}
