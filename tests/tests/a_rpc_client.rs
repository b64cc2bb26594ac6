//! Rows A: a Rust client with Python servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::Context;
use oslo_messaging::error::{CallError, NotSentReason, Ran, RejectionKind};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::version::Version;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::proxy::Proxy;
use tests::python::PythonServer;
use tests::rust_peer::{FunctionalClient, FunctionalError, Name1Client, connect};
use tests::site::Site;
use tests::wait::eventually;

const LIMIT: Duration = Duration::from_secs(30);

/// Of what is to end by it: time enough for a request to leave and to be taken.
const TIMEOUT: Duration = Duration::from_secs(5);

fn functional(site: &Site) -> FunctionalClient {
    FunctionalClient::new(site.transport(), Target::topic(&site.topic))
}

fn untyped(site: &Site) -> RpcClient {
    RpcClient::new(site.transport(), Target::topic(&site.topic))
}

#[tokio::test]
async fn a01_client_calls_one_server_and_others_are_untouched() {
    let site = Site::new("a01c").await;
    let servers = site.python_servers(&["s1", "s2", "s3"]).await;
    let (client, ctx) = (functional(&site).prepare(|o| o.server("s1")), Context::new());
    assert_eq!(client.append(&ctx, "open").await.unwrap(), "open");
    assert_eq!(client.append(&ctx, "stack").await.unwrap(), "openstack");
    assert_eq!(client.add(&ctx, 2).await.unwrap(), 2);
    assert_eq!(client.add(&ctx, 10).await.unwrap(), 12);
    assert_eq!(client.subtract(&ctx, 3).await.unwrap(), 9);
    let untouched = json!({"ival": 0, "sval": ""});
    let expected = json!({"s1": {"ival": 9, "sval": "openstack"}, "s2": untouched, "s3": untouched});
    assert_eq!(servers.state().await, expected);
}

#[tokio::test]
async fn a02_client_spreads_calls_over_a_mixed_group() {
    let site = Site::new("a02c").await;
    let python = site.python_servers(&["p1", "p2"]).await;
    let rust = site.rust_server_called("r1").await;
    let (client, ctx) = (functional(&site), Context::new());
    for letter in 'a'..='n' {
        client.append(&ctx, &letter.to_string()).await.unwrap();
    }
    let state = python.state().await;
    let text = |server: &str| state[server]["sval"].as_str().unwrap().to_owned();
    let texts = [text("p1"), text("p2"), rust.state().sval];
    assert!(texts.iter().all(|text| !text.is_empty() && text.chars().is_sorted()), "{texts:?}");
    let mut all: Vec<char> = texts.concat().chars().collect();
    all.sort_unstable();
    assert_eq!(all, ('a'..='n').collect::<Vec<_>>(), "each handled once");
}

#[tokio::test]
async fn a03_client_reaches_the_exchange_it_names() {
    let site = Site::new("a03c").await;
    let first = PythonServer::builder(&site.url, "topic1").exchange("ex1").start().await;
    let second = PythonServer::builder(&site.url, "topic2").exchange("ex2").start().await;
    let (client, ctx) = (functional(&site), Context::new());
    for _ in 0..3 {
        client.append(&ctx, "1").exchange("ex1").topic("topic1").await.unwrap();
    }
    client.append(&ctx, "2").exchange("ex2").topic("topic2").server("server1").await.unwrap();
    assert_eq!(first.state().await["server1"]["sval"], "111");
    assert_eq!(second.state().await["server1"]["sval"], "2");
}

/// Where no server ever was there is no queue either, and the broker says so at once (row A06). Who is left to wait in vain
/// is the caller of a server that has stopped: its queue stays behind.
#[tokio::test]
async fn a05_client_times_out_when_the_queue_has_no_consumer() {
    let site = Site::new("a05c").await;
    let (server, client) = (site.rust_server().await, functional(&site));
    client.none(&Context::new()).await.unwrap();
    server.stop().await;
    let timed_out = || async {
        let started = Instant::now();
        let error = client.add(&Context::new(), 1).timeout(TIMEOUT).await.unwrap_err();
        let took = started.elapsed();
        assert!((TIMEOUT..LIMIT).contains(&took), "{took:?}");
        let CallError::Timeout(timeout) = &error else { panic!("{error:?}") };
        assert_eq!(error.ran(), Ran::Maybe);
        let id = timeout.request.message_id.unwrap().to_string();
        assert!(error.to_string().contains(&id), "it names the message id: {error}");
        // A broker that is busy just then has not said who listens.
        timeout.consumers.map(|consumers| (consumers, error.to_string())).ok_or(error)
    };
    let (consumers, error) = eventually(LIMIT, "a timeout that knows its queue", timed_out).await;
    assert_eq!(consumers, 0, "it says that nobody listens: {error}");
}

#[tokio::test]
async fn a06_client_is_told_at_once_that_there_is_no_queue() {
    let site = Site::new("a06c").await;
    let transport = site.transport();
    transport.ready(Duration::from_secs(30)).await.unwrap();
    let client = FunctionalClient::new(&transport, Target::topic("ghost"));
    let started = Instant::now();
    let error = client.add(&Context::new(), 1).timeout(Duration::from_secs(60)).await.unwrap_err();
    let CallError::Unroutable(returned) = &error else { panic!("{error:?}") };
    assert_eq!((returned.code, returned.routing_key.as_str()), (312, "ghost"));
    assert_eq!(error.ran(), Ran::No);
    let cast = RpcClient::new(&transport, Target::topic("ghost")).cast(&Context::new(), "add", &json!({}));
    let error = cast.await.unwrap_err();
    assert!(matches!(error, oslo_messaging::error::CastError::Unroutable(_)), "{error:?}");
    // Two round trips: nothing near the timeout of a minute, on the busiest machine.
    assert!(started.elapsed() < LIMIT, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a07_client_gets_class_message_and_traceback_of_a_value_error() {
    let site = Site::new("a07c").await;
    let _server = site.python_server().await;
    let error = functional(&site).boom_builtin(&Context::new()).await.unwrap_err();
    assert_eq!(
        error.as_remote(),
        Some(&FunctionalError::ValueError("bad value".to_owned(), 42)),
        "{error:?}"
    );
    assert_eq!(error.ran(), Ran::Yes);

    let error = untyped(&site).call(&Context::new(), "boom_builtin", &json!({})).await.unwrap_err();
    let failure = error.as_remote().unwrap();
    assert_eq!((failure.module.as_str(), failure.class.as_str()), ("builtins", "ValueError"));
    assert_eq!(failure.message, "('bad value', 42)");
    assert!(failure.traceback.iter().any(|line| line.contains("in boom_builtin")), "{:?}", failure.traceback);
}

#[tokio::test]
async fn a08_client_times_out_only_the_long_call() {
    let site = Site::new("a08c").await;
    let server = site.python_server().await;
    let (client, ctx) = (functional(&site), Context::new());
    // Connected before the clocks start.
    client.none(&ctx).await.unwrap();
    let long = client.long_running_task(&ctx, 60.0).timeout(Duration::from_secs(10));
    let short = async {
        server.wait_for(1, "long_running_task").await;
        for _ in 0..10 {
            // Less than the long one takes: a client of one at a time would not get its answer.
            client.add(&ctx, 1).timeout(Duration::from_secs(8)).await.unwrap();
        }
    };
    let (long, ()) = tokio::join!(long, short);
    assert!(matches!(long, Err(CallError::Timeout(_))), "{long:?}");
    assert_eq!(server.state().await["server1"]["ival"], 10);
}

#[tokio::test]
async fn a09_client_waits_while_the_monitor_hears_signs_of_life() {
    let site = Site::new("a09c").await;
    let _server = site.python_server().await;
    let (client, ctx) = (functional(&site), Context::new());
    // Connected before the clock starts.
    client.none(&ctx).await.unwrap();
    let unmonitored = client.delay(&ctx, 8.0).timeout(TIMEOUT);
    // A sign of life every three seconds, each of which may be as late again.
    let monitored =
        client.delay(&ctx, 8.0).timeout(Duration::from_secs(3600)).call_monitor(Duration::from_secs(6));
    let (unmonitored, monitored) = tokio::join!(unmonitored, monitored);
    assert!(matches!(unmonitored, Err(CallError::Timeout(_))), "{unmonitored:?}");
    assert_eq!(monitored.unwrap(), 8.0);
}

#[tokio::test]
async fn a10_client_is_refused_by_namespace_and_version() {
    let site = Site::new("a10c").await;
    let _server = site.python_server().await;
    let client = Name1Client::new(site.transport(), Target::topic(&site.topic));
    let ctx = Context::new();
    assert_eq!(client.test(&ctx, "hi").await.unwrap(), "hi");
    for refused in
        [client.test(&ctx, "hi").version(Version::new(7, 6)), client.test(&ctx, "hi").namespace("Name2")]
    {
        let error = refused.await.unwrap_err();
        let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
        assert_eq!(rejection.kind, RejectionKind::UnsupportedVersion);
        assert_eq!(error.ran(), Ran::No);
    }
}

#[tokio::test]
async fn a11_client_casts_to_one_to_the_group_and_to_all() {
    let site = Site::new("a11c").await;
    let python = site.python_servers(&["p1", "p2"]).await;
    let rust = site.rust_server_called("r1").await;
    let (client, ctx) = (untyped(&site), Context::new());
    client.cast(&ctx, "append", &json!({"text": "only p1"})).server("p1").await.unwrap();
    assert_eq!(python.wait_for(1, "append").await[0]["server"], "p1");

    for _ in 0..20 {
        client.cast(&ctx, "add", &json!({"increment": 1})).await.unwrap();
    }
    let counted = || async {
        let state = python.state().await;
        let counts = ["p1", "p2"].map(|server| state[server]["ival"].as_i64().unwrap());
        let counts = [counts[0], counts[1], rust.state().ival];
        if counts.iter().sum::<i64>() == 20 { Ok(counts) } else { Err(counts) }
    };
    let counts = eventually(LIMIT, "20 casts", counted).await;
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");

    client.cast(&ctx, "append", &json!({"text": "all"})).fanout().await.unwrap();
    rust.wait_for(1, "append").await;
    python.wait_for(3, "append").await;
    let state = python.state().await;
    assert_eq!((&state["p1"]["sval"], &state["p2"]["sval"]), (&json!("only p1all"), &json!("all")));
}

#[tokio::test]
async fn a12_client_sends_its_context() {
    let site = Site::new("a12c").await;
    let server = site.python_server().await;
    let ctx = Context::new().with("user", "u1").unwrap().with("roles", &["a", "b"]).unwrap();
    let expected = json!({"user": "u1", "roles": ["a", "b"], "client_timeout": null});
    assert_eq!(functional(&site).get_context(&ctx).await.unwrap(), expected);
    assert_eq!(server.requests_of("get_context").await[0]["context"], expected);
    let monitored = functional(&site).get_context(&ctx).call_monitor(Duration::from_secs(30));
    assert_eq!(monitored.await.unwrap()["client_timeout"].as_f64(), Some(30.0));
}

#[tokio::test]
async fn a13_client_receives_falsy_results() {
    let site = Site::new("a13c").await;
    let _server = site.python_server().await;
    let (client, ctx) = (functional(&site), Context::new());
    for value in [json!(0), json!(""), json!([]), json!({}), json!(false), json!(null), json!(0.0)] {
        assert_eq!(client.test(&ctx, value.clone()).await.unwrap(), value);
    }
    client.none(&ctx).await.unwrap();
}

#[tokio::test]
async fn a15_client_understands_refusals() {
    let site = Site::new("a15c").await;
    let _server = site.python_server().await;
    let (client, ctx) = (untyped(&site), Context::new());
    let error = client.call(&ctx, "nope", &json!({})).await.unwrap_err();
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!(rejection.kind, RejectionKind::NoSuchMethod);
    assert_eq!(rejection.failure.message, "Endpoint does not support RPC method nope");
    let error = client.call(&ctx, "nope", &json!({})).namespace("nsX").await.unwrap_err();
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!(rejection.kind, RejectionKind::UnsupportedVersion);
    let text = "Endpoint does not support RPC version 1.0. Attempted method: nope";
    assert_eq!(rejection.failure.message, text);
    // A missing argument is a TypeError out of the dispatcher's own call, so nothing has run.
    let error = client.call(&ctx, "add", &json!({"wrong": 1})).await.unwrap_err();
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!(rejection.kind, RejectionKind::InvalidArguments);
}

#[tokio::test]
async fn a19_client_sends_nothing_above_its_version_cap() {
    let site = Site::new("a19c").await;
    let server = site.python_server().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    transport.ready(Duration::from_secs(30)).await.unwrap();
    let ctx = Context::new();
    let capped =
        RpcClient::new(&transport, Target::topic(&site.topic)).prepare(|o| o.version_cap(Version::new(2, 2)));
    assert!(capped.can_send_version(Version::new(2, 2)));
    assert!(!capped.can_send_version(Version::new(2, 3)));
    let call = |version| capped.call(&ctx, "nsecho", &json!({"x": 1})).namespace("ns1").version(version);
    let error = call(Version::new(2, 3)).await.unwrap_err();
    let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
    assert!(matches!(refusal.reason, NotSentReason::VersionCap { .. }), "{error:?}");
    let error = capped.call(&ctx, "echo", &json!({"x": 1})).await.unwrap_err();
    assert!(
        matches!(error, CallError::NotSent(_)),
        "no version under a cap is refused, as in Python: {error:?}"
    );
    assert_eq!(proxy.sent("basic.publish").len(), 0);

    let answer: Value = call(Version::new(2, 2)).await.unwrap().decode().unwrap();
    assert_eq!(answer, json!(["ns1-2.3", 1]));
    assert_eq!(server.requests().await.len(), 1);
}

#[tokio::test]
async fn a20_client_pings_python() {
    let site = Site::new("a20c").await;
    let server = PythonServer::builder(&site.url, &site.topic).option("rpc_ping_enabled", true).start().await;
    let ctx = Context::new();
    let client = untyped(&site);
    let nothing = json!({});
    let pings = ["topic", "server"].map(|way| {
        let ping = client.call(&ctx, "oslo_rpc_server_ping", &nothing);
        if way == "server" { ping.server("server1") } else { ping }
    });
    for answer in join_all(pings).await {
        assert_eq!(answer.unwrap().decode::<String>().unwrap(), "pong");
    }
    drop(server);
}
