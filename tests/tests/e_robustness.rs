//! Rows E: what networks, administrators and stops do to a Rust peer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::Context;
use oslo_messaging::error::{CallError, NotSentReason, Ran};
use oslo_messaging::target::Target;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::proxy::{Proxy, Record};
use tests::rust_peer::{FunctionalClient, RustServer, connect};
use tests::site::Site;
use tests::wait::within;

const LIMIT: Duration = Duration::from_secs(30);

/// A Rust server behind a proxy.
async fn tapped_server(site: &Site) -> (Proxy, RustServer) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let server =
        RustServer::builder(&site.host.url_at(proxy.address()), &site.topic, "server1").start().await;
    (proxy, server)
}

/// A Rust client behind a proxy.
async fn tapped_client(site: &Site) -> (Proxy, FunctionalClient) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    (proxy, FunctionalClient::new(&transport, Target::topic(&site.topic)))
}

/// The consumers that a proxied process has been granted, in order: their queues.
async fn consumers(proxy: &Proxy, count: usize) -> Vec<String> {
    let granted = |record: &Record| record.received("basic.consume-ok");
    proxy.records().first(count, LIMIT, "consumers", granted).await;
    proxy.sent("basic.consume").iter().map(|record| record.text("queue").to_owned()).collect()
}

#[tokio::test]
async fn e01_server_is_back_after_a_cut_while_idle() {
    let site = Site::new("e01s").await;
    let (proxy, _server) = tapped_server(&site).await;
    let client = site.python_client().await;
    client.call(site.target(), "echo", json!({"x": "before"})).result().await;
    let before = consumers(&proxy, 3).await;
    let queues = site.host.queue_names().await;
    proxy.kill_connections();
    let called = Instant::now();
    assert_eq!(client.call(site.target(), "echo", json!({"x": "after"})).result().await, "after");
    assert!(called.elapsed() < Duration::from_secs(10), "{:?}", called.elapsed());
    let after = consumers(&proxy, 6).await;
    assert_eq!(after[3..], before[..], "the same queues in the same order");
    assert_eq!(site.host.queue_names().await, queues);
}

#[tokio::test]
async fn e01_client_calls_after_a_cut_while_idle() {
    let site = Site::new("e01c").await;
    let _server = site.python_server().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let ctx = Context::new();
    client.test(&ctx, json!("before")).await.unwrap();
    let mut health = transport.watch_health();
    health.mark_unchanged();
    proxy.kill_connections();
    // What is published into a broken connection that nobody has noticed yet may have arrived: that would be no idle cut.
    within(LIMIT, "the loss is noticed", health.changed()).await.unwrap();
    let called = Instant::now();
    assert_eq!(client.test(&ctx, json!("after")).await.unwrap(), "after");
    assert!(called.elapsed() < Duration::from_secs(10), "{:?}", called.elapsed());
}

#[tokio::test]
async fn e02_server_answers_once_after_a_cut_during_a_call() {
    let site = Site::new("e02s").await;
    let (proxy, server) = tapped_server(&site).await;
    let client = site.python_client().await;
    let call = client.call(site.target(), "wait_at", json!({"gate": "g"})).result();
    let cut = async {
        server.wait_for(1, "wait_at").await;
        proxy.kill_connections();
        consumers(&proxy, 6).await;
        server.gates().open("g");
    };
    let (answer, ()) = within(LIMIT, "the answer", async { tokio::join!(call, cut) }).await;
    assert_eq!(answer, "g");
    assert_eq!(client.call(site.target(), "echo", json!({"x": 1})).result().await, 1);
    assert_eq!(server.count("wait_at"), 1, "it was acknowledged before it ran, so nothing delivers it again");
}

#[tokio::test]
async fn e02_client_gets_its_answer_after_a_cut_during_a_call() {
    let site = Site::new("e02c").await;
    let server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    let call = client.wait_at(&ctx, "g");
    let cut = async {
        server.wait_for(1, "wait_at").await;
        proxy.kill_connections();
        server.open("g").await;
    };
    let (answer, ()) = within(LIMIT, "the answer", async { tokio::join!(call, cut) }).await;
    assert_eq!(answer.unwrap(), "g");
    assert_eq!(client.test(&ctx, json!(1)).await.unwrap(), 1);
    assert_eq!(server.requests_of("wait_at").len(), 1);
}

#[tokio::test]
async fn e03_server_declares_its_queue_again_when_it_was_deleted() {
    let site = Site::new("e03s").await;
    let (proxy, _server) = tapped_server(&site).await;
    let client = site.python_client().await;
    consumers(&proxy, 3).await;
    site.host.delete_queue(&site.topic).await;
    consumers(&proxy, 4).await;
    assert_eq!(client.call(site.target(), "echo", json!({"x": "again"})).result().await, "again");
    assert_eq!(client.call(site.target_of("server1"), "echo", json!({"x": 1})).result().await, 1);
}

#[tokio::test]
async fn e03_client_replaces_its_deleted_reply_queue() {
    let site = Site::new("e03c").await;
    let _server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    client.test(&ctx, json!("before")).await.unwrap();
    let queue = consumers(&proxy, 1).await.remove(0);
    assert!(queue.starts_with("reply_"), "{queue}");
    site.host.delete_queue(&queue).await;
    consumers(&proxy, 2).await;
    assert_eq!(client.test(&ctx, json!("after")).await.unwrap(), "after");
}

#[tokio::test]
async fn e04_client_gives_up_as_its_retries_say() {
    let site = Site::new("e04").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    proxy.refuse(true);
    let client =
        FunctionalClient::new(connect(&site.host.url_at(proxy.address())), Target::topic(&site.topic));
    let ctx = Context::new();
    for retry in [0, 2] {
        let error = within(LIMIT, "giving up", client.add(&ctx, 1).retry(retry)).await.unwrap_err();
        let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
        let NotSentReason::Unreachable { attempts, .. } = &refusal.reason else { panic!("{error:?}") };
        assert!(*attempts > retry, "{attempts} attempts for retry {retry}");
        assert_eq!(error.ran(), Ran::No);
    }
    let error = client.add(&ctx, 1).timeout(Duration::from_secs(1)).await.unwrap_err();
    assert!(
        matches!(error, CallError::NotSent(_)),
        "without retries counted, the deadline ends it: {error:?}"
    );

    let _server = site.python_server().await;
    let waiting = client.add(&ctx, 1);
    let back = async { proxy.refuse(false) };
    let (sum, ()) = within(LIMIT, "the call", async { tokio::join!(waiting, back) }).await;
    assert_eq!(sum.unwrap(), 1, "it waited for the broker and nothing was sent twice");
}

/// Heartbeats keep an idle connection up: after 14 s of nothing at a threshold of 6 s it is the same connection.
async fn stays_up(proxy: &Proxy) {
    let beats = |record: &Record| record.method == "heartbeat";
    // Two in each direction prove that both sides have kept time; the broker sends one every 3 s.
    proxy.records().first(3, LIMIT, "heartbeats of the process", |r| beats(r) && r.sent("heartbeat")).await;
    proxy
        .records()
        .first(4, LIMIT, "heartbeats of the broker", |r| beats(r) && r.received("heartbeat"))
        .await;
    let ended = proxy.records().matching(|record| record.method == "tcp.end");
    assert!(ended.is_empty(), "a connection was lost");
    let tuned = proxy.sent("connection.tune-ok");
    assert!(!tuned.is_empty() && tuned.iter().all(|tune| tune.args["heartbeat"] == 6), "{tuned:?}");
}

#[tokio::test]
async fn e06_server_stays_connected_while_idle() {
    let site = Site::new("e06s").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let url = format!("{}?heartbeat_timeout_threshold=6", site.host.url_at(proxy.address()));
    let _server = RustServer::builder(&url, &site.topic, "server1").start().await;
    stays_up(&proxy).await;
    let client = site.python_client().await;
    assert_eq!(client.call(site.target(), "echo", json!({"x": 1})).result().await, 1);
}

#[tokio::test]
async fn e06_client_stays_connected_while_idle_or_sends_no_heartbeats() {
    let site = Site::new("e06c").await;
    let _server = site.python_server().await;
    let ctx = Context::new();
    let proxies =
        [Proxy::start(site.host.broker().address()).await, Proxy::start(site.host.broker().address()).await];
    let clients = [(&proxies[0], 6), (&proxies[1], 0)].map(|(proxy, threshold)| {
        let url = format!("{}?heartbeat_timeout_threshold={threshold}", site.host.url_at(proxy.address()));
        FunctionalClient::new(connect(&url), Target::topic(&site.topic))
    });
    for client in &clients {
        client.test(&ctx, json!(1)).await.unwrap();
    }
    stays_up(&proxies[0]).await;
    // With 0 the client asks for none; it keeps to what the broker insists on, which is one minute here.
    let tuned = proxies[1].sent("connection.tune-ok");
    assert!(!tuned.is_empty() && tuned.iter().all(|tune| tune.args["heartbeat"] != 6), "{tuned:?}");
    assert!(proxies[1].sent("heartbeat").is_empty());
    for client in &clients {
        client.test(&ctx, json!(2)).await.unwrap();
    }
}

#[tokio::test]
async fn e07_server_stop_answers_what_runs_and_loses_nothing() {
    let site = Site::new("e07").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let call = client.call(site.target(), "wait_at", json!({"gate": "g"})).result();
    let stop = async {
        server.wait_for(1, "wait_at").await;
        server.handle().stop();
        // Sent while the stop is under way: each is run, or is in the queue for the next server.
        for number in 0..20 {
            let cast = client.cast(site.target(), "append", json!({"text": number.to_string()}));
            cast.result().await;
        }
        server.gates().open("g");
    };
    let (answer, ()) = within(LIMIT, "the running call's answer", async { tokio::join!(call, stop) }).await;
    assert_eq!(answer, "g");
    let journal = server.journal().clone();
    let stopped = server.stop().await;
    assert_eq!((stopped.finished, stopped.aborted), (1, 0), "{stopped:?}");
    let next = RustServer::builder(&site.url, &site.topic, "server2").journal(&journal).start().await;
    next.wait_for(20, "append").await;
    assert_eq!(next.count("append"), 20, "none twice");
}
