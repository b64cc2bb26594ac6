//! The harness itself: the peers work with each other, and what they report is what happened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::json;
use std::time::Duration;
use tests::broker::Broker;
use tests::python::{PythonClient, PythonServer};
use tests::wait::eventually;

#[tokio::test]
async fn python_calls_python() {
    let host = Broker::shared().virtual_host("harness").await;
    let server = PythonServer::builder(&host.url(), "harness").start().await;
    let client = PythonClient::start(&host.url()).await;
    let target = json!({"topic": "harness", "server": "server1"});

    let sum =
        client.call(target.clone(), "add", json!({"increment": 2})).with("context", json!({"user": "u"}));
    assert_eq!(sum.result().await, 2);
    assert_eq!(server.state().await["server1"], json!({"ival": 2, "sval": ""}));
    let request = &server.wait_for(1, "add").await[0];
    assert_eq!(request["args"], json!({"increment": 2}));
    assert_eq!(request["context"]["user"], "u");

    let raised = client.call(target.clone(), "boom_builtin", json!({})).raised().await;
    assert_eq!((raised.class.as_str(), raised.module.as_str()), ("ValueError", "builtins"));
    let raised = client.call(target, "no_such_method", json!({})).raised().await;
    assert_eq!(raised.remote_class.as_deref(), Some("NoSuchMethod"));

    assert!(host.queue_names().await.contains(&"harness.server1".to_owned()));
    client.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn a_private_node_survives_a_kill() {
    let node = Broker::private().await;
    let host = node.virtual_host("harness").await;
    let server = PythonServer::builder(&host.url(), "harness").start().await;
    let client = PythonClient::start(&host.url()).await;
    let target = json!({"topic": "harness"});
    assert_eq!(client.call(target.clone(), "echo", json!({"x": 1})).result().await, 1);

    node.kill().await;
    node.start().await;
    let (client, target) = (&client, &target);
    let again = || async move {
        let call = client.call(target.clone(), "echo", json!({"x": 2})).with("timeout", 5);
        call.outcome().await.map(|done| done.result)
    };
    assert_eq!(eventually(Duration::from_secs(180), "a call after the restart", again).await, 2);
    drop(server);
}
