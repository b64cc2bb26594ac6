//! Rows E: what networks, administrators and stops do to a Rust peer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::Context;
use oslo_messaging::error::{CallError, CastError, NotSentReason, Ran};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::Health;
use serde_json::json;
use std::time::Duration;
use tests::proxy::{Flow, Proxy, Record};
use tests::raw::Raw;
use tests::rust_peer::{FunctionalClient, FunctionalError, RustServer, connect};
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

/// The consumers that a proxied process has been granted, in order: their queues and tags.
async fn consumers(proxy: &Proxy, count: usize) -> Vec<(String, String)> {
    let granted = |record: &Record| record.received("basic.consume-ok");
    proxy.records().first(count, LIMIT, "consumers", granted).await;
    let asked = proxy.sent("basic.consume");
    let texts = |record: &Record| ["queue", "consumer_tag"].map(|name| record.text(name).to_owned());
    asked.iter().map(|record| texts(record).into()).collect()
}

/// The network was there all the time, so the first attempt of each connection came through.
fn assert_reconnected_once(proxy: &Proxy, before_the_cut: usize) {
    let attempts = proxy.sent("tcp.open").len() - before_the_cut;
    assert!((1..=before_the_cut).contains(&attempts), "{attempts} attempts for {before_the_cut} connections");
}

#[tokio::test]
async fn e01_server_is_back_after_a_cut_while_idle() {
    let site = Site::new("e01s").await;
    let (proxy, server) = tapped_server(&site).await;
    let client = site.python_client().await;
    client.call(site.target(), "echo", json!({"x": "before"})).result().await;
    let before = consumers(&proxy, 3).await;
    let queues = site.host.queue_names().await;
    let before_the_cut = proxy.sent("tcp.open").len();
    proxy.kill_connections();
    assert_eq!(client.call(site.target(), "echo", json!({"x": "after"})).result().await, "after");
    assert_eq!(server.count("echo"), 2, "none twice");
    let after = consumers(&proxy, 6).await;
    assert_eq!(after[3..], before[..], "the same queues and tags in the same order");
    assert_reconnected_once(&proxy, before_the_cut);
    assert_eq!(site.host.queue_names().await, queues);
}

#[tokio::test]
async fn e01_client_calls_after_a_cut_while_idle() {
    let site = Site::new("e01c").await;
    let server = site.python_server().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let ctx = Context::new();
    client.test(&ctx, json!("before")).await.unwrap();
    let before_the_cut = proxy.sent("tcp.open").len();
    let mut health = transport.watch_health();
    health.mark_unchanged();
    proxy.kill_connections();
    // What goes into a broken connection before that may arrive or vanish. Python publishes it once more and may run it
    // twice; here that is done for nobody who could run it twice, so such a call can end as "may have run" (row E02).
    within(LIMIT, "the loss is noticed", health.changed()).await.unwrap();
    assert_eq!(client.test(&ctx, json!("after")).await.unwrap(), "after");
    assert_eq!(server.requests_of("test").await.len(), 2, "none twice");
    assert_reconnected_once(&proxy, before_the_cut);
}

#[tokio::test]
async fn e01_server_and_client_are_back_after_an_administrator_closed_their_connections() {
    let site = Site::new("e01a").await;
    let server = site.rust_server().await;
    let transport = site.transport();
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let ctx = Context::new();
    client.test(&ctx, json!("before")).await.unwrap();
    let mut losses = [server.transport().watch_health(), transport.watch_health()];
    for health in &mut losses {
        health.mark_unchanged();
    }
    site.host.close_connections().await;
    for health in &mut losses {
        within(LIMIT, "the loss is noticed", health.changed()).await.unwrap();
    }
    // The topic's queue is still there, so it does not matter who is back first.
    assert_eq!(client.test(&ctx, json!("after")).await.unwrap(), "after");
    assert_eq!(server.count("test"), 2);
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
    assert_eq!(server.requests_of("wait_at").await.len(), 1);
}

/// Neither the confirmation nor the reply has come when the connection is lost: the broker has the request, and the reply
/// waits in its queue.
#[tokio::test]
async fn e02_client_gets_its_answer_after_a_cut_before_the_confirmation() {
    let site = Site::new("e02u").await;
    let server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    client.none(&ctx).await.unwrap();
    proxy.set_flow(Flow::Pass, Flow::Drop);
    let call = client.wait_at(&ctx, "g");
    let cut = async {
        server.wait_for(1, "wait_at").await;
        proxy.set_flow(Flow::Pass, Flow::Pass);
        proxy.kill_connections();
        server.open("g").await;
    };
    let (answer, ()) = within(LIMIT, "the answer", async { tokio::join!(call, cut) }).await;
    assert_eq!(answer.unwrap(), "g");
    assert_eq!(server.requests_of("wait_at").await.len(), 1);
}

/// A request that vanished with its connection is not sent again to a server that could run it twice: its call says that
/// it may have run.
#[tokio::test]
async fn e02_client_says_maybe_of_a_request_that_vanished() {
    let site = Site::new("e02v").await;
    let server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    client.none(&ctx).await.unwrap();
    proxy.set_flow(Flow::Drop, Flow::Pass);
    // Time enough to be connected again, which the error tells.
    let call = client.add(&ctx, 1).timeout(Duration::from_secs(8));
    let cut = async {
        let sent = |record: &Record| record.sent("basic.publish");
        proxy.records().first(2, LIMIT, "the request", sent).await;
        proxy.set_flow(Flow::Pass, Flow::Pass);
        proxy.kill_connections();
    };
    let (outcome, ()) = tokio::join!(call, cut);
    let error = outcome.unwrap_err();
    let CallError::Timeout(timeout) = &error else { panic!("{error:?}") };
    assert_eq!((error.ran(), timeout.confirmed), (Ran::Maybe, Some(false)), "{error}");
    assert!(timeout.reconnects > 0, "{error}");
    assert_eq!(client.add(&ctx, 2).await.unwrap(), 2, "the first one never came");
    assert_eq!(server.requests_of("add").await.len(), 1);
}

#[tokio::test]
async fn e02_client_gives_up_an_old_reply_queue_when_its_last_call_has_ended() {
    let site = Site::new("e02g").await;
    let server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    let call = client.wait_at(&ctx, "g");
    let cut = async {
        server.wait_for(1, "wait_at").await;
        proxy.kill_connections();
        let queues: Vec<String> = consumers(&proxy, 3).await.into_iter().map(|(queue, _)| queue).collect();
        let raw = Raw::connect(&site.host).await;
        assert_eq!(raw.queue_state(&queues[0]).await.unwrap().consumers, 1, "a call still waits for it");
        server.open("g").await;
        queues
    };
    let (answer, queues) = within(LIMIT, "the answer", async { tokio::join!(call, cut) }).await;
    assert_eq!(answer.unwrap(), "g");
    assert_eq!(queues[2], queues[0], "a new reply queue, and the old one again");
    let closed = |record: &Record| record.received("channel.close-ok");
    proxy.records().first(1, LIMIT, "the old queue's channel is closed", closed).await;
    assert_eq!(client.test(&ctx, json!(1)).await.unwrap(), 1);
    let raw = Raw::connect(&site.host).await;
    let consumers_of = async |queue: &str| raw.queue_state(queue).await.unwrap().consumers;
    assert_eq!((consumers_of(&queues[0]).await, consumers_of(&queues[1]).await), (0, 1));
    assert_eq!(proxy.sent("connection.start-ok").len(), 4, "two connections before the cut, two after it");
}

/// A network that fails again as soon as the new reply queue is there, before the old one is consumed again.
#[tokio::test]
async fn e02_client_gets_its_answer_after_cuts_in_quick_succession() {
    let site = Site::new("e02q").await;
    let server = site.python_server().await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    let call = client.wait_at(&ctx, "g");
    let cut = async {
        server.wait_for(1, "wait_at").await;
        let consumes_after = async |last: usize| {
            let newer = |record: &Record| {
                (record.connection > last && record.received("basic.consume-ok")).then_some(record.connection)
            };
            proxy.records().next(LIMIT, "a new reply queue", newer).await
        };
        let mut connection = consumes_after(0).await;
        for _ in 0..3 {
            proxy.kill_connections();
            connection = consumes_after(connection).await;
        }
        server.open("g").await;
    };
    let (answer, ()) = within(LIMIT, "the answer", async { tokio::join!(call, cut) }).await;
    assert_eq!(answer.unwrap(), "g");
    assert_eq!(client.test(&ctx, json!(1)).await.unwrap(), 1);
    assert_eq!(server.requests_of("wait_at").await.len(), 1);
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
    let (queue, _) = consumers(&proxy, 1).await.remove(0);
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
    let transport = connect(&site.host.url_at(proxy.address()));
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let ctx = Context::new();
    let attempts = |error: CallError<FunctionalError>| {
        assert_eq!(error.ran(), Ran::No);
        match error {
            CallError::NotSent(refusal) => match refusal.reason {
                NotSentReason::Unreachable { attempts, .. } => attempts,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    for retry in [0, 2] {
        let error = within(LIMIT, "giving up", client.add(&ctx, 1).retry(retry)).await.unwrap_err();
        assert!(attempts(error) > retry, "one try and as many retries");
    }
    // The tries of a long outage are not its own.
    let mut health = transport.watch_health();
    let long = |health: &Health| matches!(health, Health::Connecting { attempts: 5.., .. });
    within(LIMIT, "five attempts in vain", health.wait_for(long)).await.unwrap();
    let tried = || proxy.refused();
    let before = tried();
    let error = within(LIMIT, "giving up", client.add(&ctx, 1).retry(1)).await.unwrap_err();
    assert!(attempts(error) > 1);
    assert!(tried() >= before + 2, "{before} tries before, {} after it", tried());
    let casting = RpcClient::new(&transport, Target::topic(&site.topic));
    let cast = async |retry| {
        let cast = casting.cast(&ctx, "add", &json!({"increment": 1})).retry(retry);
        within(LIMIT, "giving up", cast).await.unwrap_err()
    };
    let before = tried();
    let error = cast(1).await;
    assert_eq!(error.ran(), Ran::No, "{error}");
    assert!(tried() >= before + 2, "{before} tries before, {} after it", tried());
    let error = cast(3).await;
    assert!(matches!(error, CastError::NotSent(_)), "{error:?}");
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

    // A connection that was there and is gone: a call that finds none makes its own tries too.
    proxy.refuse(true);
    proxy.kill_connections();
    within(LIMIT, "the loss is noticed", health.wait_for(|health| !health.is_ready())).await.unwrap();
    let before = tried();
    let error = within(LIMIT, "giving up", client.add(&ctx, 1).retry(1)).await.unwrap_err();
    assert!(attempts(error) > 1);
    assert!(tried() >= before + 2, "{before} tries before, {} after it", tried());
    proxy.refuse(false);
    assert_eq!(client.add(&ctx, 1).retry(30).await.unwrap(), 2);
}

/// Heartbeats keep idle connections up: at a threshold of 6 s the broker sends one every 3 s and bears 12 s of silence, so
/// a connection over which it has sent five has lived on the process's heartbeats alone.
async fn stays_up(proxy: &Proxy) {
    let tuned = proxy.sent("connection.tune-ok");
    assert!(!tuned.is_empty() && tuned.iter().all(|tune| tune.args["heartbeat"] == 6), "{tuned:?}");
    for Record { connection, .. } in tuned {
        let beat = |record: &Record| record.connection == connection && record.received("heartbeat");
        proxy.records().first(5, LIMIT, "heartbeats of the broker", beat).await;
        let own = |record: &Record| record.connection == connection && record.sent("heartbeat");
        assert!(proxy.records().matching(own).len() >= 3, "connection {connection}");
    }
    let ended = proxy.records().matching(|record| record.method == "tcp.end");
    assert!(ended.is_empty(), "a connection was lost");
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
    let tuned = proxies[1].sent("connection.tune-ok");
    assert!(!tuned.is_empty() && tuned.iter().all(|tune| tune.args["heartbeat"] == 0), "{tuned:?}");
    let beats = proxies[1].records().matching(|record| record.method == "heartbeat");
    assert!(beats.is_empty(), "nobody sends any: {beats:?}");
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

/// Makes the broker refuse (nack) what would be more than one message in the topic's queue.
async fn allow_one_message(site: &Site) {
    let pattern = format!("^{}$", site.topic);
    let full = r#"{"max-length": 1, "overflow": "reject-publish"}"#;
    let policy = ["set_policy", "--vhost", site.host.name(), "full", &pattern, full, "--apply-to", "queues"];
    site.host.broker().ctl(&policy).await;
}

#[tokio::test]
async fn what_the_broker_refuses_is_sent_again_until_it_is_taken() {
    let site = Site::new("nack").await;
    // The queue outlives its server.
    site.rust_server().await.stop().await;
    allow_one_message(&site).await;
    let (proxy, client) = tapped_client(&site).await;
    let ctx = Context::new();
    let casting = RpcClient::new(site.transport(), Target::topic(&site.topic));
    let cast = || casting.cast(&ctx, "none", &json!({}));
    cast().await.unwrap();
    let refused = cast().timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(refused.ran(), Ran::Maybe);
    assert!(refused.to_string().contains("the broker refused responsibility (basic.nack)"), "{refused}");

    let call = client.test(&ctx, json!("in the end"));
    let serve = async {
        let nacked = |record: &Record| record.received("basic.nack");
        proxy.records().first(2, LIMIT, "two refusals", nacked).await;
        site.rust_server().await
    };
    let (answer, _server) = within(LIMIT, "the answer", async { tokio::join!(call, serve) }).await;
    assert_eq!(answer.unwrap(), "in the end");
    let sent = proxy.sent("basic.publish");
    let unique = |record: &Record| record.message().inner["_unique_id"].clone();
    assert!(
        sent.len() > 2 && sent.iter().all(|record| unique(record) == unique(&sent[0])),
        "one id for all tries"
    );
}
