//! Rows X: sizes, numbers and mixtures beside the checklist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::error::{CallError, NotSentReason, Ran};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::Health;
use oslo_messaging::{ConnectOptions, Context, Transport};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::broker::Broker;
use tests::python::PythonClient;
use tests::raw::{Raw, Taken};
use tests::rust_peer::{FunctionalClient, RustServer, connect};
use tests::site::Site;
use tests::wait::{eventually, within};

const MEBIBYTE: usize = 1 << 20;

fn functional(site: &Site) -> FunctionalClient {
    FunctionalClient::new(site.transport(), Target::topic(&site.topic))
}

#[tokio::test]
async fn x01_server_echoes_a_mebibyte() {
    let site = Site::new("x01s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let text = "é".repeat(MEBIBYTE / 2);
    assert_eq!(client.call(site.target(), "echo", json!({"x": text})).result().await, text);
}

#[tokio::test]
async fn x01_client_exchanges_a_mebibyte() {
    let site = Site::new("x01c").await;
    let _server = site.python_server().await;
    let text = json!("é".repeat(MEBIBYTE / 2));
    assert_eq!(functional(&site).test(&Context::new(), text.clone()).await.unwrap(), text);
}

#[tokio::test]
async fn x02_server_answers_a_thousand_concurrent_python_calls() {
    let site = Site::new("x02s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let calls = (0..1000).map(|number| client.call(site.target(), "echo", json!({"x": number})).result());
    let answers = join_all(calls).await;
    assert!(answers.iter().enumerate().all(|(number, answer)| answer == number), "each gets its own answer");
    assert_eq!(server.count("echo"), 1000);
}

#[tokio::test]
async fn x02_client_makes_a_thousand_concurrent_calls() {
    let site = Site::new("x02c").await;
    let server = site.python_server().await;
    let (client, ctx) = (functional(&site), Context::new());
    let answers = join_all((0..1000).map(|number| client.test(&ctx, json!(number)))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), number, "each gets its own answer");
    }
    assert_eq!(server.requests_of("test").len(), 1000);
}

#[tokio::test]
async fn x03_two_rust_and_two_python_servers_share_a_topic() {
    let site = Site::new("x03").await;
    let _python = site.python_servers(&["p1", "p2"]).await;
    let _rust = join_all(["r1", "r2"].map(|name| site.rust_server_called(name))).await;
    let (rust, ctx) = (functional(&site), Context::new());
    let python = site.python_client().await;
    let mut answered: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..20 {
        *answered.entry(rust.whoami(&ctx).await.unwrap()).or_default() += 1;
        let server = python.call(site.target(), "whoami", json!({})).result().await;
        *answered.entry(server.as_str().unwrap().to_owned()).or_default() += 1;
    }
    // One queue and consumers that are all ready: RabbitMQ serves them in turn.
    let expected = ["p1", "p2", "r1", "r2"].map(|server| (server.to_owned(), 10));
    assert_eq!(answered, BTreeMap::from(expected));
}

#[tokio::test]
async fn x04_client_outlives_a_restart_of_its_python_server() {
    let site = Site::new("x04").await;
    let (client, ctx) = (functional(&site), Context::new());
    let first = site.python_server().await;
    for number in 0..10 {
        assert_eq!(client.test(&ctx, json!(number)).await.unwrap(), number);
    }
    first.stop().await;
    // The topic's queue is still there, so what is sent between the two servers waits for the second.
    let waiting = join_all((10..20).map(|number| client.test(&ctx, json!(number))));
    let (waiting, second) = tokio::join!(waiting, site.python_server());
    for (number, answer) in (10..20).zip(waiting) {
        assert_eq!(answer.unwrap(), number);
    }
    second.kill().await;
    let (answer, _third) = tokio::join!(client.test(&ctx, json!("after a kill")), site.python_server());
    assert_eq!(answer.unwrap(), "after a kill");
}

#[tokio::test]
async fn x05_client_does_not_mistake_a_handlers_type_error_for_a_refusal() {
    let site = Site::new("x05").await;
    let server = site.python_server().await;
    let client = RpcClient::new(site.transport(), Target::topic(&site.topic));
    let call =
        client.call(&Context::new(), "raise_own_type_error", &json!({})).timeout(Duration::from_secs(30));
    let error = call.await.unwrap_err();
    let CallError::Remote(failure) = &error else { panic!("{error:?}") };
    assert_eq!((failure.module.as_str(), failure.class.as_str()), ("builtins", "TypeError"));
    assert_eq!(error.ran(), Ran::Yes);
    assert_eq!(server.requests_of("raise_own_type_error").len(), 1);
}

/// With durable queues nobody has to ask twice: calls that Rust and Python make while there is no broker wait for it, and
/// meet the queue whoever is back first.
#[tokio::test]
async fn x06_rust_and_python_outlive_a_killed_broker() {
    let node = Broker::private().await;
    let site = Site::on(&node, "x06").await;
    let url = format!("{}?amqp_durable_queues=true", site.url);
    let _rust = RustServer::builder(&url, &site.topic, "server1").start().await;
    let transport = connect(&url);
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    let conf = json!({"oslo_messaging_rabbit.amqp_durable_queues": true});
    let python = PythonClient::start_with(json!({"url": site.url, "conf": conf})).await;
    assert_eq!(client.test(&ctx, json!("before")).await.unwrap(), "before");
    assert_eq!(python.call(site.target(), "echo", json!({"x": "before"})).result().await, "before");

    let mut health = transport.watch_health();
    node.kill().await;
    let lost = health.wait_for(|health| !health.is_ready());
    drop(within(Duration::from_secs(30), "the loss is noticed", lost).await.unwrap());
    let rust_calls = client.test(&ctx, json!("meanwhile")).timeout(Duration::from_secs(120));
    let python_calls = python.call(site.target(), "echo", json!({"x": "meanwhile"})).with("timeout", 120);
    let (rust, python, ()) = tokio::join!(rust_calls, python_calls.result(), node.start());
    assert_eq!((rust.unwrap(), python), (json!("meanwhile"), json!("meanwhile")));
}

#[tokio::test]
async fn x07_client_is_told_that_the_broker_blocks_it() {
    let node = Broker::private().await;
    let site = Site::on(&node, "x07").await;
    let server = site.rust_server().await;
    let transport = site.transport();
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    client.none(&ctx).await.unwrap();
    let mut options = ConnectOptions::default();
    options.rabbit.fail_when_blocked = true;
    let impatient = Transport::connect_with(&site.url.parse().unwrap(), options).unwrap();
    let mut impatient_health = impatient.watch_health();
    let impatient = FunctionalClient::new(&impatient, Target::topic(&site.topic));
    impatient.none(&ctx).await.unwrap();
    node.raise_alarm().await;
    let mut health = transport.watch_health();
    // RabbitMQ tells a publisher of the alarm only when it publishes.
    let error = client.none(&ctx).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_ne!(error.ran(), Ran::Yes, "{error:?}");
    let blocked = health.wait_for(|health| matches!(health, Health::Blocked { .. }));
    drop(within(Duration::from_secs(30), "blocked", blocked).await.unwrap());
    let long = tokio::spawn(client.none(&ctx).timeout(Duration::from_secs(60)));
    let error = client.none(&ctx).timeout(Duration::from_secs(1)).await.unwrap_err();
    let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
    assert!(matches!(refusal.reason, NotSentReason::Blocked(_)), "{error:?}");
    // Asked to, the driver does not wait for the alarm's end.
    let told = impatient.none(&ctx).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_ne!(told.ran(), Ran::Yes, "{told:?}");
    let blocked = impatient_health.wait_for(|health| matches!(health, Health::Blocked { .. }));
    drop(within(Duration::from_secs(30), "blocked", blocked).await.unwrap());
    let call = impatient.none(&ctx).timeout(Duration::from_secs(600));
    let error = within(Duration::from_secs(30), "the call ends at once", call).await.unwrap_err();
    let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
    assert!(matches!(refusal.reason, NotSentReason::Blocked(_)), "{error:?}");
    // What has waited for a second is not kept for a minute more.
    server.stop().await;
    node.clear_alarm().await;
    let raw = Raw::connect(&site.host).await;
    // The first one, which had left before the broker blocked, may be there too.
    let is_long = |taken: &Taken| taken.expiration.is_some_and(|left| left > 5_000);
    let take = || async { raw.take_whole(&site.topic).await.filter(is_long).ok_or("not there") };
    let kept = eventually(Duration::from_secs(30), "the request in its queue", take).await;
    assert!(kept.expiration.is_some_and(|left| left <= 59_000), "{:?}", kept.expiration);
    long.abort();
    let _server = site.rust_server().await;
    client.none(&ctx).await.unwrap();
    let freed = impatient_health.wait_for(Health::is_ready);
    drop(within(Duration::from_secs(30), "unblocked", freed).await.unwrap());
    impatient.none(&ctx).await.unwrap();
}
