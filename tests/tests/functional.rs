//! oslo.messaging's own functional tests (`functional/test_functional.py`), with one side in Rust. Each function names the
//! Python test it repeats.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::Context;
use oslo_messaging::error::{CallError, CastError};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::version::Version;
use serde_json::{Value, json};
use std::time::Duration;
use tests::python::PythonServer;
use tests::rust_peer::{FunctionalClient, FunctionalError, Name1Client, RustServer};
use tests::site::Site;
use tests::wait::{eventually, within};

const LIMIT: Duration = Duration::from_secs(60);
const GROUP: [&str; 3] = ["server-0", "server-1", "server-2"];

async fn rust_group(site: &Site) -> Vec<RustServer> {
    join_all(GROUP.map(|name| site.rust_server_called(name))).await
}

fn client(site: &Site) -> FunctionalClient {
    FunctionalClient::new(site.transport(), Target::topic(&site.topic))
}

fn texts(state: &Value) -> Vec<String> {
    GROUP.iter().map(|name| state[name]["sval"].as_str().unwrap().to_owned()).collect()
}

fn numbers(state: &Value) -> Vec<i64> {
    GROUP.iter().map(|name| state[name]["ival"].as_i64().unwrap()).collect()
}

/// `CallTestCase.test_specific_server`
#[tokio::test]
async fn ft01_server_call_test_specific_server() {
    let site = Site::new("ft01s").await;
    let group = rust_group(&site).await;
    let client = site.python_client().await;
    let to = || site.target_of("server-1");
    client.call(to(), "append", json!({"text": "open"})).result().await;
    assert_eq!(client.call(to(), "append", json!({"text": "stack"})).result().await, "openstack");
    client.call(to(), "add", json!({"increment": 2})).result().await;
    assert_eq!(client.call(to(), "add", json!({"increment": 10})).result().await, 12);
    assert_eq!(client.call(to(), "subtract", json!({"increment": 3})).result().await, 9);
    let states: Vec<_> = group.iter().map(|server| (server.state().ival, server.state().sval)).collect();
    assert_eq!(states, [(0, String::new()), (9, "openstack".to_owned()), (0, String::new())]);
}

/// `CallTestCase.test_specific_server`
#[tokio::test]
async fn ft01_client_call_test_specific_server() {
    let site = Site::new("ft01c").await;
    let group = site.python_servers(&GROUP).await;
    let (client, ctx) = (client(&site).prepare(|o| o.server("server-1")), Context::new());
    client.append(&ctx, "open").await.unwrap();
    assert_eq!(client.append(&ctx, "stack").await.unwrap(), "openstack");
    client.add(&ctx, 2).await.unwrap();
    assert_eq!(client.add(&ctx, 10).await.unwrap(), 12);
    assert_eq!(client.subtract(&ctx, 3).await.unwrap(), 9);
    let state = group.state().await;
    assert_eq!(
        (texts(&state), numbers(&state)),
        (["", "openstack", ""].map(str::to_owned).to_vec(), vec![0, 9, 0])
    );
}

/// `CallTestCase.test_server_in_group`
#[tokio::test]
async fn ft02_server_call_test_server_in_group() {
    let site = Site::new("ft02s").await;
    let group = rust_group(&site).await;
    let client = site.python_client().await;
    let data: Vec<String> = ('a'..='n').map(String::from).collect();
    for text in &data {
        client.call(site.target(), "append", json!({"text": text})).result().await;
    }
    shared_in_order(group.iter().map(|server| server.state().sval).collect(), &data);
}

/// `CallTestCase.test_server_in_group`
#[tokio::test]
async fn ft02_client_call_test_server_in_group() {
    let site = Site::new("ft02c").await;
    let group = site.python_servers(&GROUP).await;
    let (client, ctx) = (client(&site), Context::new());
    let data: Vec<String> = ('a'..='n').map(String::from).collect();
    for text in &data {
        client.append(&ctx, text).await.unwrap();
    }
    shared_in_order(texts(&group.state().await), &data);
}

fn shared_in_order(texts: Vec<String>, data: &[String]) {
    assert!(texts.iter().all(|text| !text.is_empty() && text.chars().is_sorted()), "{texts:?}");
    let mut letters: Vec<char> = texts.concat().chars().collect();
    letters.sort_unstable();
    assert_eq!(letters, data.concat().chars().collect::<Vec<_>>());
}

/// `CallTestCase.test_different_exchanges`
#[tokio::test]
async fn ft03_server_call_test_different_exchanges() {
    let site = Site::new("ft03s").await;
    let group1 = RustServer::builder(&site.url, "topic_1", "s").exchange("a").start().await;
    let group2 = RustServer::builder(&site.url, "topic_2", "s").exchange("b").start().await;
    let client = site.python_client().await;
    let data1: Vec<String> = ('a'..='e').map(String::from).collect();
    for text in &data1 {
        let to = json!({"exchange": "a", "topic": "topic_1"});
        client.call(to, "append", json!({"text": text})).result().await;
    }
    client.call(json!({"exchange": "b", "topic": "topic_2"}), "append", json!({"text": "z"})).result().await;
    assert_eq!((group1.state().sval, group2.state().sval), (data1.concat(), "z".to_owned()));
}

/// `CallTestCase.test_different_exchanges`
#[tokio::test]
async fn ft03_client_call_test_different_exchanges() {
    let site = Site::new("ft03c").await;
    let group1 = PythonServer::builder(&site.url, "topic_1").exchange("a").start().await;
    let group2 = PythonServer::builder(&site.url, "topic_2").exchange("b").start().await;
    let (client, ctx) = (client(&site), Context::new());
    for text in ["a", "b", "c", "d", "e"] {
        client.append(&ctx, text).exchange("a").topic("topic_1").await.unwrap();
    }
    client.append(&ctx, "z").exchange("b").topic("topic_2").await.unwrap();
    assert_eq!(group1.state().await["server1"]["sval"], "abcde");
    assert_eq!(group2.state().await["server1"]["sval"], "z");
}

/// `CallTestCase.test_timeout`
#[tokio::test]
async fn ft04_client_call_test_timeout() {
    let site = Site::new("ft04").await;
    // Python waits in vain where nobody listens; a Rust client is told. A queue without consumers is where it waits.
    let (server, client) = (site.python_server().await, client(&site));
    client.none(&Context::new()).await.unwrap();
    server.stop().await;
    let outcome = client.add(&Context::new(), 1).timeout(Duration::from_secs(3)).await;
    assert!(matches!(outcome, Err(CallError::Timeout(_))), "{outcome:?}");
}

/// `CallTestCase.test_exception`
#[tokio::test]
async fn ft05_server_call_test_exception() {
    let site = Site::new("ft05s").await;
    let _group = rust_group(&site).await;
    let client = site.python_client().await;
    let to = || site.target_of("server-1");
    client.call(to(), "add", json!({"increment": 2})).result().await;
    client.call(to(), "subtract", json!({"increment": 2})).result().await;
    let raised = client.call(to(), "subtract", json!({"increment": 3})).raised().await;
    assert_eq!((raised.class.as_str(), raised.module.as_str()), ("ValueError", "builtins"));
}

/// `CallTestCase.test_exception`
#[tokio::test]
async fn ft05_client_call_test_exception() {
    let site = Site::new("ft05c").await;
    let _group = site.python_servers(&GROUP).await;
    let (client, ctx) = (client(&site).prepare(|o| o.server("server-1")), Context::new());
    client.add(&ctx, 2).await.unwrap();
    client.subtract(&ctx, 2).await.unwrap();
    let error = client.subtract(&ctx, 3).await.unwrap_err();
    // Python's ValueError has one argument here, the contract's has two: it comes whole, as what the contract calls other.
    let Some(FunctionalError::Other(failure)) = error.as_remote() else { panic!("{error:?}") };
    assert_eq!((failure.class.as_str(), failure.message.as_str()), ("ValueError", "ival can't go negative!"));
}

/// `CallTestCase.test_timeout_with_concurrently_queues`
#[tokio::test]
async fn ft06_server_call_test_timeout_with_concurrently_queues() {
    let site = Site::new("ft06s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let long =
        client.call(site.target(), "long_running_task", json!({"seconds": 60})).with("timeout", 5).raised();
    // Less than the long one takes: behind it they would not be answered.
    let add = || client.call(site.target(), "add", json!({"increment": 1})).with("timeout", 30).result();
    let (long, short) = tokio::join!(long, join_all((0..10).map(|_| add())));
    assert_eq!((long.class.as_str(), short.len(), server.state().ival), ("MessagingTimeout", 10, 10));
}

/// `CallTestCase.test_timeout_with_concurrently_queues`
#[tokio::test]
async fn ft06_client_call_test_timeout_with_concurrently_queues() {
    let site = Site::new("ft06c").await;
    let server = site.python_server().await;
    let (client, ctx) = (client(&site), Context::new());
    // Connected before the clocks start.
    client.none(&ctx).await.unwrap();
    // Less than the long one takes: behind it they would not be answered.
    let short = join_all((0..10).map(|_| client.add(&ctx, 1).timeout(Duration::from_secs(8))));
    let long = client.long_running_task(&ctx, 60.0).timeout(Duration::from_secs(10));
    let (long, short) = tokio::join!(long, short);
    assert!(matches!(long, Err(CallError::Timeout(_))), "{long:?}");
    assert!(short.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(server.state().await["server1"]["ival"], 10);
}

/// `CallTestCase.test_mandatory_call`
#[tokio::test]
async fn ft07_client_call_test_mandatory_call() {
    let site = Site::new("ft07").await;
    let client = client(&site);
    let outcome = within(LIMIT, "the return", client.delay(&Context::new(), 0.0).timeout(LIMIT * 10)).await;
    assert!(matches!(outcome, Err(CallError::Unroutable(_))), "{outcome:?}");
    let cast =
        RpcClient::new(site.transport(), Target::topic("nobody")).cast(&Context::new(), "add", &json!({}));
    let outcome = within(LIMIT, "the return", cast).await;
    assert!(matches!(outcome, Err(CastError::Unroutable(_))), "{outcome:?}");
}

/// `CallTestCase.test_monitor_long_call`
#[tokio::test]
async fn ft08_server_call_test_monitor_long_call() {
    let site = Site::new("ft08s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let delay = || client.call(site.target(), "delay", json!({"seconds": 8}));
    assert_eq!(delay().with("timeout", 1).raised().await.class, "MessagingTimeout");
    // A sign of life every three seconds, each of which may be as late again.
    assert_eq!(delay().with("timeout", 3600).with("call_monitor_timeout", 6).result().await, 8.0);
}

/// `CallTestCase.test_monitor_long_call`
#[tokio::test]
async fn ft08_client_call_test_monitor_long_call() {
    let site = Site::new("ft08c").await;
    let _server = site.python_server().await;
    let (client, ctx) = (client(&site), Context::new());
    client.none(&ctx).await.unwrap();
    let short = client.delay(&ctx, 8.0).timeout(Duration::from_secs(3)).await;
    assert!(matches!(short, Err(CallError::Timeout(_))), "{short:?}");
    // A sign of life every three seconds, each of which may be as late again.
    let monitored =
        client.delay(&ctx, 8.0).timeout(Duration::from_secs(3600)).call_monitor(Duration::from_secs(6));
    assert_eq!(monitored.await.unwrap(), 8.0);
}

/// `CallTestCase.test_endpoint_version_namespace`
#[tokio::test]
async fn ft09_server_call_test_endpoint_version_namespace() {
    let site = Site::new("ft09s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let test = |prepare: Value| {
        let call = client.call(site.target_of("server1"), "test", json!({"echo": "hello"}));
        call.with("prepare", prepare)
    };
    assert_eq!(test(json!({"namespace": "Name1", "version": "7.5"})).result().await, "hello");
    for prepare in
        [json!({"namespace": "Name1", "version": "7.6"}), json!({"namespace": "Name2", "version": "7.5"})]
    {
        assert_eq!(test(prepare).raised().await.class, "RemoteError");
    }
}

/// `CallTestCase.test_endpoint_version_namespace`
#[tokio::test]
async fn ft09_client_call_test_endpoint_version_namespace() {
    let site = Site::new("ft09c").await;
    let _server = site.python_server().await;
    let client = Name1Client::new(site.transport(), Target::server(&site.topic, "server1"));
    let ctx = Context::new();
    assert_eq!(client.test(&ctx, "hello").await.unwrap(), "hello");
    for refused in [
        client.test(&ctx, "hello").version(Version::new(7, 6)),
        client.test(&ctx, "hello").namespace("Name2"),
    ] {
        assert!(matches!(refused.await, Err(CallError::Rejected(_))));
    }
}

/// `CastTestCase.test_specific_server`
#[tokio::test]
async fn ft10_server_cast_test_specific_server() {
    let site = Site::new("ft10s").await;
    let group = rust_group(&site).await;
    let client = site.python_client().await;
    for text in ["open", "stack"] {
        client.cast(site.target_of("server-1"), "append", json!({"text": text})).result().await;
    }
    for increment in [2, 10] {
        client.cast(site.target_of("server-1"), "add", json!({"increment": increment})).result().await;
    }
    group[1].wait_for(2, "append").await;
    group[1].wait_for(2, "add").await;
    // Casts run in parallel: both orders are right, as in the Python test.
    assert!(["openstack", "stackopen"].contains(&group[1].state().sval.as_str()));
    assert_eq!(group.iter().map(|server| server.state().ival).collect::<Vec<_>>(), [0, 12, 0]);
}

/// `CastTestCase.test_specific_server`
#[tokio::test]
async fn ft10_client_cast_test_specific_server() {
    let site = Site::new("ft10c").await;
    let group = site.python_servers(&GROUP).await;
    let client = RpcClient::new(site.transport(), Target::server(&site.topic, "server-1"));
    let ctx = Context::new();
    for text in ["open", "stack"] {
        client.cast(&ctx, "append", &json!({"text": text})).await.unwrap();
    }
    for increment in [2, 10] {
        client.cast(&ctx, "add", &json!({"increment": increment})).await.unwrap();
    }
    let done = || async {
        let state = group.state().await;
        let text = state["server-1"]["sval"].as_str().unwrap().to_owned();
        if text.len() == 9 && numbers(&state) == [0, 12, 0] { Ok(text) } else { Err(state) }
    };
    let text = eventually(LIMIT, "four casts", done).await;
    assert!(["openstack", "stackopen"].contains(&text.as_str()), "{text}");
}

/// `CastTestCase.test_server_in_group`
#[tokio::test]
async fn ft11_server_cast_test_server_in_group() {
    let site = Site::new("ft11s").await;
    let group = rust_group(&site).await;
    let client = site.python_client().await;
    for _ in 0..20 {
        client.cast(site.target(), "add", json!({"increment": 1})).result().await;
    }
    let all = || async {
        let counts: Vec<i64> = group.iter().map(|server| server.state().ival).collect();
        if counts.iter().sum::<i64>() == 20 { Ok(counts) } else { Err(counts) }
    };
    let counts = eventually(LIMIT, "20 casts", all).await;
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
}

/// `CastTestCase.test_server_in_group`
#[tokio::test]
async fn ft11_client_cast_test_server_in_group() {
    let site = Site::new("ft11c").await;
    let group = site.python_servers(&GROUP).await;
    let client = RpcClient::new(site.transport(), Target::topic(&site.topic));
    for _ in 0..20 {
        client.cast(&Context::new(), "add", &json!({"increment": 1})).await.unwrap();
    }
    let all = || async {
        let counts = numbers(&group.state().await);
        if counts.iter().sum::<i64>() == 20 { Ok(counts) } else { Err(counts) }
    };
    let counts = eventually(LIMIT, "20 casts", all).await;
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
}

/// `CastTestCase.test_fanout`
#[tokio::test]
async fn ft12_server_cast_test_fanout() {
    let site = Site::new("ft12s").await;
    let group = rust_group(&site).await;
    let client = site.python_client().await;
    let everyone = || json!({"topic": site.topic, "fanout": true});
    client.cast(everyone(), "append", json!({"text": "open"})).result().await;
    client.cast(everyone(), "append", json!({"text": "stack"})).result().await;
    client.cast(everyone(), "add", json!({"increment": 2})).result().await;
    client.cast(everyone(), "add", json!({"increment": 10})).result().await;
    for server in &group {
        server.wait_for(2, "append").await;
        server.wait_for(2, "add").await;
        assert!(["openstack", "stackopen"].contains(&server.state().sval.as_str()));
        assert_eq!(server.state().ival, 12);
    }
}

/// `CastTestCase.test_fanout`
#[tokio::test]
async fn ft12_client_cast_test_fanout() {
    let site = Site::new("ft12c").await;
    let group = site.python_servers(&GROUP).await;
    let client = RpcClient::new(site.transport(), Target::fanout(&site.topic));
    let ctx = Context::new();
    client.cast(&ctx, "append", &json!({"text": "open"})).await.unwrap();
    client.cast(&ctx, "append", &json!({"text": "stack"})).await.unwrap();
    client.cast(&ctx, "add", &json!({"increment": 2})).await.unwrap();
    client.cast(&ctx, "add", &json!({"increment": 10})).await.unwrap();
    let everywhere = || async {
        let state = group.state().await;
        let texts = texts(&state);
        let right = texts.iter().all(|text| ["openstack", "stackopen"].contains(&text.as_str()));
        if right && numbers(&state) == [12, 12, 12] { Ok(()) } else { Err(state) }
    };
    eventually(LIMIT, "four fanouts at three servers", everywhere).await;
}
