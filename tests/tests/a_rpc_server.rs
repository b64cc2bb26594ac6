//! Rows A: a Rust server under Python clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::rpc::RpcServerBuilder;
use serde_json::{Value, json};
use std::time::Duration;
use tests::journal::Journal;
use tests::rust_peer::RustServer;
use tests::site::Site;

#[tokio::test]
async fn a01_server_keeps_state_and_others_are_untouched() {
    let site = Site::new("a01s").await;
    let servers = join_all(["s1", "s2", "s3"].map(|name| site.rust_server_called(name))).await;
    let client = site.python_client().await;
    let to = site.target_of("s1");
    assert_eq!(client.call(to.clone(), "append", json!({"text": "open"})).result().await, "open");
    assert_eq!(client.call(to.clone(), "append", json!({"text": "stack"})).result().await, "openstack");
    assert_eq!(client.call(to.clone(), "add", json!({"increment": 2})).result().await, 2);
    assert_eq!(client.call(to.clone(), "add", json!({"increment": 10})).result().await, 12);
    assert_eq!(client.call(to, "subtract", json!({"increment": 3})).result().await, 9);
    assert_eq!((servers[0].state().ival, servers[0].state().sval.as_str()), (9, "openstack"));
    for other in &servers[1..] {
        assert_eq!(other.state().ival, 0);
        assert!(other.journal().is_empty());
    }
}

#[tokio::test]
async fn a02_server_group_shares_calls_in_order() {
    let site = Site::new("a02s").await;
    let python = site.python_servers(&["p1"]).await;
    let rust = join_all(["r1", "r2"].map(|name| site.rust_server_called(name))).await;
    let client = site.python_client().await;
    let mut replies = Vec::new();
    for letter in 'a'..='n' {
        replies
            .push(client.call(site.target(), "append", json!({"text": letter.to_string()})).result().await);
    }
    let mut texts = vec![python.state().await["p1"]["sval"].as_str().unwrap().to_owned()];
    texts.extend(rust.iter().map(|server| server.state().sval));
    for text in &texts {
        assert!(!text.is_empty(), "one server got nothing: {texts:?}");
        assert!(text.chars().is_sorted(), "order is lost: {text}");
        assert!(replies.contains(&json!(text)), "the last reply of each server is its text");
    }
    let mut all: Vec<char> = texts.concat().chars().collect();
    all.sort_unstable();
    assert_eq!(all, ('a'..='n').collect::<Vec<_>>(), "each handled once");
}

#[tokio::test]
async fn a03_server_exchanges_with_own_topics_do_not_mix() {
    let site = Site::new("a03s").await;
    let first = RustServer::builder(&site.url, "topic1", "s").exchange("ex1").start().await;
    let second = RustServer::builder(&site.url, "topic2", "s").exchange("ex2").start().await;
    let client = site.python_client().await;
    for _ in 0..3 {
        let to = json!({"exchange": "ex1", "topic": "topic1"});
        client.call(to, "append", json!({"text": "1"})).result().await;
    }
    let to = json!({"exchange": "ex2", "topic": "topic2", "server": "s"});
    client.call(to, "append", json!({"text": "2"})).result().await;
    assert_eq!((first.state().sval.as_str(), second.state().sval.as_str()), ("111", "2"));
}

#[tokio::test]
async fn a04_exchanges_do_not_isolate_one_topic() {
    let site = Site::new("a04").await;
    let rust = RustServer::builder(&site.url, "shared", "rust").exchange("exA").start().await;
    let python =
        tests::python::PythonServer::builder(&site.url, "shared").servers(&["python"]).exchange("exB");
    let python = python.start().await;
    let client = site.python_client().await;
    let mut answered = Vec::new();
    for _ in 0..4 {
        let to = json!({"exchange": "exA", "topic": "shared"});
        answered.push(client.call(to, "whoami", json!({})).result().await);
    }
    // One queue, whatever the exchange, and its consumers in turn.
    assert_eq!((&answered[0], &answered[1]), (&answered[2], &answered[3]), "{answered:?}");
    answered.truncate(2);
    answered.sort_by_key(Value::to_string);
    assert_eq!(answered, ["python", "rust"]);
    drop((rust, python));
}

#[tokio::test]
async fn a07_server_value_error_is_raised_as_value_error() {
    let site = Site::new("a07s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let raised = client.call(site.target(), "boom_builtin", json!({})).raised().await;
    assert_eq!((raised.module.as_str(), raised.class.as_str()), ("builtins", "ValueError"));
    // Python puts the message and the traceback in place of the first argument.
    assert_eq!(raised.text, r#"("('bad value', 42)\n", 42)"#);
}

#[tokio::test]
async fn a08_server_runs_short_calls_beside_a_long_one() {
    let site = Site::new("a08s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let long = client.call(site.target(), "long_running_task", json!({"seconds": 60})).with("timeout", 5);
    let short = async {
        server.wait_for(1, "long_running_task").await;
        for _ in 0..10 {
            // Less than the long one takes: a server of one at a time would not answer.
            client.call(site.target(), "add", json!({"increment": 1})).with("timeout", 30).result().await;
        }
    };
    let (long, ()) = tokio::join!(long.raised(), short);
    assert_eq!(long.class, "MessagingTimeout");
    assert_eq!(server.state().ival, 10);
}

#[tokio::test]
async fn a09_server_keeps_a_monitored_call_alive() {
    let site = Site::new("a09s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let call = || client.call(site.target(), "delay", json!({"seconds": 8}));
    let unmonitored = call().with("timeout", 1);
    // A sign of life every three seconds, each of which may be as late again.
    let monitored = call().with("timeout", 3600).with("call_monitor_timeout", 6);
    let (unmonitored, monitored) = tokio::join!(unmonitored.raised(), monitored.result());
    assert_eq!(unmonitored.class, "MessagingTimeout");
    assert_eq!(monitored, 8.0);
}

#[tokio::test]
async fn a10_server_checks_namespace_and_version() {
    let site = Site::new("a10s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let call = |namespace: &str, version: &str| {
        let to = json!({"topic": site.topic, "namespace": namespace, "version": version});
        client.call(to, "test", json!({"echo": "hi"}))
    };
    assert_eq!(call("Name1", "7.5").result().await, "hi");
    for (namespace, version) in [("Name1", "7.6"), ("Name1", "8.0"), ("Name2", "7.5")] {
        let raised = call(namespace, version).raised().await;
        assert_eq!(raised.class, "RemoteError");
        assert_eq!(raised.remote_class.as_deref(), Some("UnsupportedVersion"), "{namespace} {version}");
    }
}

#[tokio::test]
async fn a11_server_takes_casts_group_casts_and_fanouts() {
    let site = Site::new("a11s").await;
    let rust = join_all(["r1", "r2"].map(|name| site.rust_server_called(name))).await;
    let python = site.python_servers(&["p1"]).await;
    let client = site.python_client().await;

    client.cast(site.target_of("r1"), "append", json!({"text": "only r1"})).result().await;
    rust[0].wait_for(1, "append").await;

    for _ in 0..20 {
        client.cast(site.target(), "add", json!({"increment": 1})).result().await;
    }
    let count = || async {
        let counts = [rust[0].count("add"), rust[1].count("add"), python.requests_of("add").await.len()];
        if counts.iter().sum::<usize>() == 20 { Ok(counts) } else { Err(counts) }
    };
    let counts = tests::wait::eventually(Duration::from_secs(30), "20 casts", count).await;
    assert!(counts.iter().all(|&count| count > 0), "{counts:?}");

    let everyone = json!({"topic": site.topic, "fanout": true});
    client.cast(everyone, "append", json!({"text": "all"})).result().await;
    rust[0].wait_for(2, "append").await;
    rust[1].wait_for(1, "append").await;
    python.wait_for(1, "append").await;
    assert_eq!(rust[0].state().sval, "only r1all");
    assert_eq!(rust[1].state().sval, "all");
    assert_eq!(python.state().await["p1"]["sval"], "all");
}

#[tokio::test]
async fn a12_server_sees_the_context() {
    let site = Site::new("a12s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let context = json!({"user": "u1", "roles": ["a", "b"], "is_admin": true, "nested": {"k": null}});
    let seen = client.call(site.target(), "get_context", json!({})).with("context", context.clone());
    assert_eq!(seen.result().await, context);
    assert_eq!(server.wait_for(1, "get_context").await[0].context, context);
}

#[tokio::test]
async fn a13_server_returns_falsy_results() {
    let site = Site::new("a13s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    for value in [json!(0), json!(""), json!([]), json!({}), json!(false), json!(null), json!(0.0)] {
        let echoed = client.call(site.target(), "echo", json!({"x": value})).result().await;
        assert_eq!(echoed, value);
    }
    assert_eq!(client.call(site.target(), "none", json!({})).result().await, Value::Null);
}

#[tokio::test]
async fn a14_server_answers_expected_errors_like_others() {
    let site = Site::new("a14s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let raised = client.call(site.target(), "raise_expected", json!({})).raised().await;
    assert_eq!((raised.module.as_str(), raised.class.as_str()), ("builtins", "KeyError"));
    assert_eq!(server.handle().stats().declared_errors, 1);
    assert_eq!(server.handle().stats().internal_errors, 0);
}

#[tokio::test]
async fn a15_server_refuses_in_pythons_words() {
    let site = Site::new("a15s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let refused = |target: Value| client.call(target, "nope", json!({"x": 1}));

    let raised = refused(site.target()).raised().await;
    assert_eq!(raised.class, "RemoteError");
    assert_eq!(raised.remote_class.as_deref(), Some("NoSuchMethod"));
    assert_eq!(raised.remote_message.as_deref(), Some("Endpoint does not support RPC method nope"));

    let raised = refused(json!({"topic": site.topic, "namespace": "nsX"})).raised().await;
    assert_eq!(raised.remote_class.as_deref(), Some("UnsupportedVersion"));
    let text = "Endpoint does not support RPC version 1.0. Attempted method: nope";
    assert_eq!(raised.remote_message.as_deref(), Some(text));

    // An endpoint of another version in the same namespace is compatible, so the method is what is missing.
    let raised = refused(json!({"topic": site.topic, "version": "1.5"})).raised().await;
    assert_eq!(raised.remote_class.as_deref(), Some("NoSuchMethod"));
    let raised = refused(json!({"topic": site.topic, "version": "9.0"})).raised().await;
    let text = "Endpoint does not support RPC version 9.0. Attempted method: nope";
    assert_eq!(raised.remote_message.as_deref(), Some(text));
}

#[tokio::test]
async fn a16_server_refuses_private_methods() {
    use oslo_messaging::contract::{DynEndpoint, DynRequest};
    use oslo_messaging::error::RemoteFailure;
    let site = Site::new("a16s").await;
    let any = async |request: DynRequest| Ok::<Value, RemoteFailure>(json!(request.method));
    let endpoint = DynEndpoint::new(any).namespace("any");
    let _server =
        RustServer::builder(&site.url, &site.topic, "s").options(|b| b.endpoint(endpoint)).start().await;
    let client = site.python_client().await;
    let to = json!({"topic": site.topic, "namespace": "any"});
    assert_eq!(client.call(to.clone(), "anything", json!({})).result().await, "anything");
    let raised = client.call(to, "_private", json!({})).raised().await;
    assert_eq!(raised.remote_class.as_deref(), Some("NoSuchMethod"));
}

#[tokio::test]
async fn a17_server_picks_the_first_endpoint_that_fits() {
    use oslo_messaging::contract::{DynEndpoint, DynRequest};
    use oslo_messaging::error::RemoteFailure;
    let site = Site::new("a17s").await;
    let named = |name: &'static str| {
        DynEndpoint::new(move |_: DynRequest| async move { Ok::<_, RemoteFailure>(json!(name)) })
            .namespace("twice")
    };
    let twice =
        move |b: RpcServerBuilder| b.endpoint(named("first")).endpoint(named("second")).allow_shadowing();
    let _server = RustServer::builder(&site.url, &site.topic, "s").options(twice).start().await;
    let client = site.python_client().await;
    let call = async |method: &str, namespace: Option<&str>, version: Option<&str>| {
        let to = json!({"topic": site.topic, "namespace": namespace, "version": version});
        client.call(to, method, json!({})).result().await
    };
    assert_eq!(call("any", Some("twice"), None).await, "first");
    assert_eq!(call("nsecho", Some("ns1"), Some("2.1")).await, json!(["ns1-2.3", null]));
    assert_eq!(call("nsecho", Some("ns1"), Some("3.0")).await, json!(["ns1-3.1", null]));
    assert_eq!(call("legacy", Some("old"), Some("1.5")).await, "legacy ok");
    assert_eq!(call("legacy", Some("new"), None).await, "legacy ok");
    assert_eq!(call("legacy", None, Some("1.1")).await, "legacy ok");
}

#[tokio::test]
async fn a20_server_answers_ping_when_asked_to() {
    let site = Site::new("a20s").await;
    let silent = site.rust_server_called("silent").await;
    let _pinged = RustServer::builder(&site.url, &site.topic, "pinged")
        .options(|b| b.ping(true))
        .journal(&Journal::new());
    let _pinged = _pinged.start().await;
    let client = site.python_client().await;
    let ping = |server: &str| client.call(site.target_of(server), "oslo_rpc_server_ping", json!({}));
    assert_eq!(ping("pinged").result().await, "pong");
    assert_eq!(ping("silent").raised().await.remote_class.as_deref(), Some("NoSuchMethod"));
    drop(silent);
}

/// What `oslo_messaging._utils.version_is_compatible(implemented, requested)` gives; an error is a text that is no version.
/// Its three rows with a missing version are a client's: without a cap it sends anything, under one nothing that has no
/// version (row A19).
#[test]
fn a18_versions_compare_as_in_python() {
    use oslo_messaging::version::Version;
    let rows = [
        ("1.0", "1.0", Some(true)),
        ("1.5", "1.4", Some(true)),
        ("1.5", "1.6", Some(false)),
        ("1.5", "2.0", Some(false)),
        ("2.0", "1.9", Some(false)),
        ("1.5.2", "1.5.1", Some(true)),
        ("1.5.1", "1.5.2", Some(false)),
        ("1.5", "1.5.1", Some(false)),
        ("1.6", "1.5.9", Some(true)),
        ("1.5.9", "1.6", Some(false)),
        ("1.10", "1.9", Some(true)),
        ("1.9", "1.10", Some(false)),
        ("1.0", "1", None),
        ("1", "1.0", None),
        ("1.0", "a.b", None),
        ("1.0", "", None),
        ("1.5", "1.05", Some(true)),
        ("1.5.1.9", "1.5.1.10", Some(true)),
        (" 1.5", "1.5", Some(true)),
    ];
    for (implemented, requested, expected) in rows {
        let versions = (implemented.parse::<Version>(), requested.parse::<Version>());
        let seen = match versions {
            (Ok(implemented), Ok(requested)) => Some(implemented.serves(requested)),
            _ => None,
        };
        assert_eq!(seen, expected, "({implemented}, {requested})");
    }
}
