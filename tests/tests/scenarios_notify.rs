//! Notifications through restarts of listeners and broker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tests::broker::Broker;
use tests::scenarios::{Course, nothing_lost};

#[tokio::test(flavor = "multi_thread")]
async fn x09_no_confirmed_notification_is_lost() {
    let node = Broker::private().await;
    let host = node.virtual_host("x09").await;
    let course =
        Course { notifications: 5_000, listener_restarts: 2, listener_deaths: 2, broker_restarts: 1 };
    let outcome = nothing_lost(&node, &host.url(), course, |line| tracing::info!("{line}")).await;
    assert_eq!((outcome.confirmed, outcome.lost), (5_000, 0), "{outcome:?}");
    assert!(outcome.brought_back > 0 && outcome.failed > 0, "{outcome:?}");
}
