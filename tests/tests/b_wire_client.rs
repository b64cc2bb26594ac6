//! Rows B: what a Rust client writes and accepts, seen from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::Context;
use oslo_messaging::error::{CallError, Ran};
use oslo_messaging::json::RawJson;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use oslo_messaging::version::Version;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::proxy::{Proxy, Record};
use tests::python::PythonServer;
use tests::raw::{Raw, envelope, id, oslo_properties};
use tests::rust_peer::{FunctionalClient, connect};
use tests::site::Site;
use tests::wait::{eventually, within};

const LIMIT: Duration = Duration::from_secs(30);

/// A transport behind a proxy.
async fn tapped(site: &Site) -> (Proxy, Transport) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    (proxy, transport)
}

/// The keys without those that only Rust peers know.
fn pythons(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).filter(|key| !["_peer", "_deadline_ms"].contains(key)).collect()
}

fn requests(proxy: &Proxy) -> Vec<Record> {
    proxy.sent("basic.publish")
}

#[tokio::test]
async fn b01_client_requests_as_python_does() {
    let site = Site::new("b01").await;
    let _server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    client.call(&Context::new(), "echo", &json!({"x": 1})).await.unwrap();

    let request = requests(&proxy).remove(0);
    assert_eq!((request.text("exchange"), request.text("routing_key")), ("openstack", site.topic.as_str()));
    let mut properties = request.properties.clone();
    let expiration: u64 = properties["expiration"].as_str().unwrap().parse().unwrap();
    assert!((30_000..=60_000).contains(&expiration), "what is left of 60 s in ms: {expiration}");
    properties.as_object_mut().unwrap().remove("expiration");
    let expected = json!({"content_type": "application/json", "content_encoding": "utf-8", "headers": {},
        "delivery_mode": 2, "priority": 0});
    assert_eq!(properties, expected);
    let message = request.message();
    assert_eq!(message.envelope, ["oslo.version", "oslo.message"]);
    assert_eq!(pythons(&message.keys), ["method", "args", "_msg_id", "_reply_q", "_timeout", "_unique_id"]);
    assert_eq!(message.inner["_timeout"], Value::Null, "it is the monitor's timeout, not the call's");
    let msg_id = message.inner["_msg_id"].as_str().unwrap();
    assert!(msg_id.len() == 32 && msg_id.bytes().all(|b| b.is_ascii_hexdigit()), "{msg_id}");

    let ctx = Context::new().with("user", "u").unwrap();
    let call = client.call(&ctx, "nsecho", &json!({"x": 1})).namespace("ns1").version(Version::new(2, 1));
    call.timeout(Duration::from_millis(9999)).call_monitor(Duration::from_secs(30)).await.unwrap();
    let request = requests(&proxy).remove(1);
    let keys = [
        "method",
        "args",
        "namespace",
        "version",
        "_msg_id",
        "_reply_q",
        "_timeout",
        "_unique_id",
        "_context_user",
    ];
    assert_eq!(pythons(&request.message().keys), keys);
    assert_eq!(request.message().inner["_timeout"].as_f64(), Some(30.0));
    let expiration: u64 = request.properties["expiration"].as_str().unwrap().parse().unwrap();
    assert!((9000..=9999).contains(&expiration), "{expiration}");

    client.cast(&ctx, "echo", &json!({})).await.unwrap();
    let cast = requests(&proxy).remove(2);
    assert_eq!(pythons(&cast.message().keys), ["method", "args", "_unique_id", "_context_user"]);
    assert_eq!(cast.message().inner["args"], json!({}));
    assert_eq!(cast.properties.get("expiration"), None);
}

#[tokio::test]
async fn b05_client_exchanges_compressed_bodies() {
    let site = Site::new("b05c").await;
    for (compression, header, magic) in
        [("gzip", "application/x-gzip", b"\x78\x9c"), ("bzip2", "application/x-bz2", b"BZ")]
    {
        let server = PythonServer::builder(&site.url, &site.topic);
        let server = server.option("oslo_messaging_rabbit.kombu_compression", compression).start().await;
        let proxy = Proxy::start(site.host.broker().address()).await;
        let url = format!("{}?kombu_compression={compression}", site.host.url_at(proxy.address()));
        let client = FunctionalClient::new(connect(&url), Target::topic(&site.topic));
        let text = json!("y".repeat(5000));
        assert_eq!(client.test(&Context::new(), text.clone()).await.unwrap(), text);
        for message in [&requests(&proxy)[0], &proxy.received("basic.deliver")[0]] {
            assert_eq!(message.properties["headers"], json!({ "compression": header }));
            assert!(message.body.as_deref().unwrap().starts_with(magic), "{compression}");
        }
        server.stop().await;
    }
}

/// What a client makes of a reply variant: a result, the server's failure of this class, somebody else's, or a timeout.
enum Expected {
    Result(Value),
    Failure(&'static str),
    Relayed(&'static str),
    Timeout,
}

/// The bodies that the raw server answers a variant with, and what the client shall make of them.
fn reply_variant(variant: &str, ok: &Value) -> (Vec<String>, Expected) {
    let with = |key: &str, value: Value| {
        let mut reply = ok.clone();
        reply[key] = value;
        reply
    };
    let without = |key: &str| {
        let mut reply = ok.clone();
        reply.as_object_mut().unwrap().remove(key);
        reply
    };
    let failed = |failure: Value| {
        let mut reply = with("result", Value::Null);
        reply["failure"] = failure;
        vec![envelope(&reply)]
    };
    let failure = |class: &str, module: &str, args: Value| {
        let failure = json!({"class": class, "module": module, "message": "oops", "tb": ["t\n"], "args": args, "kwargs": {}});
        failed(json!(failure.to_string()))
    };
    let heartbeat = {
        let mut reply = with("result", Value::Null);
        reply["ending"] = json!(false);
        envelope(&reply)
    };
    let result = || Expected::Result(ok["result"].clone());
    let whole = envelope(ok);
    match variant {
        "normal" => (vec![whole], result()),
        "no unique id" => (vec![envelope(&without("_unique_id"))], result()),
        "no ending" => (vec![envelope(&without("ending"))], Expected::Timeout),
        "no failure key" => (vec![envelope(&without("failure"))], result()),
        "no result key" => (vec![envelope(&without("result"))], Expected::Result(Value::Null)),
        "no msg id" => (vec![envelope(&without("_msg_id"))], Expected::Timeout),
        "failure false" => (vec![envelope(&with("failure", json!(false)))], result()),
        "two parts" => {
            (vec![envelope(&with("ending", json!(false))), envelope(&with("result", Value::Null))], result())
        }
        "heartbeat first" => (vec![heartbeat, whole], result()),
        // Python raises an AttributeError out of its own code.
        "heartbeat alone" => (vec![heartbeat], Expected::Timeout),
        "bare" => (vec![ok.to_string()], result()),
        "same unique id twice" => (vec![envelope(&with("ending", json!(false))), whole], result()),
        "somebody else's first" => (vec![envelope(&with("_msg_id", json!("someone-else"))), whole], result()),
        "garbage first" => (vec!["{no json".to_owned(), whole], result()),
        // Python's own client fails to read this one, and its caller learns nothing of what went wrong. Here it does:
        // no peer can mean anything else by it.
        "failure object" => {
            (failed(json!({"class": "ValueError", "module": "builtins"})), Expected::Failure("ValueError"))
        }
        "failure minimal" => (
            failed(json!(r#"{"class": "ValueError", "module": "builtins"}"#)),
            Expected::Failure("ValueError"),
        ),
        "failure of Python 2" => {
            (failure("ValueError", "exceptions", json!(["oops"])), Expected::Failure("ValueError"))
        }
        "failure of Rust" => {
            (failure("RustError", "my_crate::errors", json!([])), Expected::Failure("RustError"))
        }
        "failure of no class that there is" => {
            (failure("NoSuchThing", "builtins", json!(["oops"])), Expected::Failure("NoSuchThing"))
        }
        "failure of a class that is no exception" => {
            (failure("dict", "builtins", json!([])), Expected::Failure("dict"))
        }
        "failure of a class that ends Python" => {
            (failure("KeyboardInterrupt", "builtins", json!([])), Expected::Failure("KeyboardInterrupt"))
        }
        // Python's suffix for what its peer had from yet another peer.
        "failure of a third peer" => (
            failure("ValueError_Remote", "builtins_Remote", json!(["oops"])),
            Expected::Relayed("ValueError"),
        ),
        // It names another method than the one called: our handler has run, and was refused further on.
        "failure of another call" => {
            let text = "Endpoint does not support RPC method q";
            let mut failure =
                json!({"class": "NoSuchMethod", "module": "oslo_messaging.rpc.dispatcher", "tb": []});
            failure["message"] = json!(text);
            failure["args"] = json!([text]);
            (failed(json!(failure.to_string())), Expected::Failure("NoSuchMethod"))
        }
        "failure with odd args" => {
            (failure("OSError", "builtins", json!([1, {}])), Expected::Failure("OSError"))
        }
        _ => (Vec::new(), Expected::Timeout),
    }
}

#[tokio::test]
async fn b07_client_survives_every_reply_variant() {
    let site = Site::new("b07").await;
    let raw = Arc::new(Raw::connect(&site.host).await);
    let replier = Arc::clone(&raw);
    let answer = move |request: Value| {
        let raw = Arc::clone(&replier);
        async move {
            let variant = request["args"]["v"].as_str().unwrap();
            let ok = json!({"result": format!("R:{variant}"), "failure": null, "ending": true,
                "_msg_id": request["_msg_id"], "_unique_id": id()});
            let queue = request["_reply_q"].as_str().unwrap();
            for body in reply_variant(variant, &ok).0 {
                raw.publish("", queue, oslo_properties(), body.as_bytes()).await;
            }
            if variant == "no content type" {
                raw.publish("", queue, lapin::BasicProperties::default(), envelope(&ok).as_bytes()).await;
            }
        }
    };
    let serving = raw.serve(&site.topic, answer).await;
    let client = RpcClient::new(site.transport(), Target::topic(&site.topic));
    let variants = [
        "normal",
        "no unique id",
        "no ending",
        "no failure key",
        "no result key",
        "no msg id",
        "failure false",
        "two parts",
        "heartbeat first",
        "heartbeat alone",
        "bare",
        "no content type",
        "same unique id twice",
        "somebody else's first",
        "garbage first",
        "failure object",
        "failure minimal",
        "failure of Python 2",
        "failure of Rust",
        "failure of no class that there is",
        "failure of a class that is no exception",
        "failure of a class that ends Python",
        "failure of a third peer",
        "failure of another call",
        "failure with odd args",
        "silence",
        "normal",
    ];
    for variant in variants {
        let ok = json!({"result": format!("R:{variant}"), "failure": null, "ending": true, "_msg_id": "", "_unique_id": ""});
        let expected = reply_variant(variant, &ok).1;
        let limit = if matches!(expected, Expected::Timeout) { Duration::from_secs(1) } else { LIMIT };
        let mut call = client.call(&Context::new(), "v", &json!({"v": variant})).timeout(limit);
        if variant == "heartbeat first" {
            // As recorded: Python falls over a sign of life that it did not ask for.
            call = call.call_monitor(LIMIT);
        }
        let outcome = call.await;
        match (expected, outcome) {
            (Expected::Result(expected), Ok(result)) => {
                assert_eq!(result.decode::<Value>().unwrap(), expected, "{variant}");
            }
            (Expected::Failure(class), Err(error @ CallError::Remote(_))) => {
                let failure = error.as_remote().unwrap();
                assert_eq!(failure.class, class, "{variant}");
                assert_eq!(error.ran(), Ran::Yes, "{variant}");
                assert_ne!(failure.module, "exceptions", "{variant}: Python 2's name for builtins");
            }
            (Expected::Relayed(class), Err(error @ CallError::Undeclared(_))) => {
                assert!(error.to_string().contains(class), "{variant}: {error}");
                assert_eq!(error.ran(), Ran::Maybe, "{variant}");
            }
            (Expected::Timeout, Err(CallError::Timeout(_))) => {}
            (_, outcome) => panic!("{variant}: {outcome:?}"),
        }
    }
    serving.abort();
}

#[tokio::test]
async fn b08_client_exchanges_odd_json() {
    let site = Site::new("b08c").await;
    let _server = site.python_server().await;
    let (client, ctx) = (FunctionalClient::new(site.transport(), Target::topic(&site.topic)), Context::new());
    for (name, shown) in [
        ("nan", "nan"),
        ("infinity", "inf"),
        ("minus_infinity", "-inf"),
        ("big_integer", "1180591620717411303424"),
        ("lone_surrogate", "'\\ud800'"),
        ("number_keys", "{'1': 'c', 'null': 'b', '1.5': 'd'}"),
        ("small_float", "1e-07"),
        ("big_float", "1e+22"),
    ] {
        let raw: RawJson = client.odd(&ctx, name).await.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(client.describe(&ctx, raw.clone()).await.unwrap(), shown, "{name} goes back as it came");
        assert_eq!(client.echo(&ctx, raw.clone()).await.unwrap(), raw, "{name} echoed");
    }
    let untyped = RpcClient::new(site.transport(), Target::topic(&site.topic));
    let odd = async |name: &str| untyped.call(&ctx, "odd", &json!({"name": name})).await.unwrap();
    assert!(odd("nan").await.decode::<f64>().unwrap().is_nan());
    assert_eq!(odd("nan").await.decode::<Value>().unwrap(), Value::Null);
    assert_eq!(odd("minus_infinity").await.decode::<f64>().unwrap(), f64::NEG_INFINITY);
    assert_eq!(odd("big_integer").await.decode::<i128>().unwrap(), 1 << 70);
    assert!(odd("big_integer").await.decode::<u64>().is_err(), "never a rounded number");
    assert_eq!(odd("lone_surrogate").await.decode::<String>().unwrap(), "\u{fffd}");
}

#[tokio::test]
async fn b09_client_echoes_a_large_body() {
    let site = Site::new("b09c").await;
    let _server = site.python_server().await;
    let client = FunctionalClient::new(site.transport(), Target::topic(&site.topic));
    let text = json!("z".repeat(300_000));
    assert_eq!(client.test(&Context::new(), text.clone()).await.unwrap(), text);
}

#[tokio::test]
async fn b12_client_ignores_late_and_unknown_replies() {
    let site = Site::new("b12").await;
    let server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    client.none(&ctx).await.unwrap();
    // Time enough for the server to take the request, which expires with its call.
    let error = client.wait_at(&ctx, "gate").timeout(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, CallError::Timeout(_)) && error.ran() == Ran::Maybe, "{error:?}");
    server.wait_for(1, "wait_at").await;
    server.open("gate").await;
    within(
        LIMIT,
        "the late reply",
        proxy.records().first(2, LIMIT, "replies", |r| r.received("basic.deliver")),
    )
    .await;

    let raw = Raw::connect(&site.host).await;
    let queue = requests(&proxy)[0].message().inner["_reply_q"].as_str().unwrap().to_owned();
    let stranger = json!({"result": 1, "failure": null, "ending": true, "_msg_id": id(), "_unique_id": id()});
    raw.send("", &queue, &stranger).await;
    let counted = || async {
        let late = transport.stats().late_replies;
        if late == 2 { Ok(()) } else { Err(late) }
    };
    eventually(LIMIT, "both are counted", counted).await;
    assert_eq!(client.test(&ctx, json!("still fine")).await.unwrap(), "still fine");
    assert_eq!(proxy.wait_for_verdicts(4).await, ["ack"; 4]);
}

#[tokio::test]
async fn b13_client_lives_on_heartbeats_alone() {
    let site = Site::new("b13c").await;
    let server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    let monitored = |gate, monitor| {
        client.wait_at(&ctx, gate).timeout(2 * LIMIT).call_monitor(Duration::from_secs(monitor))
    };
    // One every three seconds, each of which may be as late again: with the third the call is older than the monitor bears
    // without any.
    let heartbeats = async {
        let heartbeat = |record: &Record| record.received("basic.deliver");
        proxy.records().first(3, LIMIT, "heartbeats", heartbeat).await;
        server.open("heard").await;
    };
    let (answer, ()) = tokio::join!(monitored("heard", 6), heartbeats);
    assert_eq!(answer.unwrap(), "heard");
    let ending: Vec<Value> =
        proxy.received("basic.deliver").iter().map(|r| r.message().inner["ending"].clone()).collect();
    let (last, heartbeats) = ending.split_last().unwrap();
    assert!(last == true && heartbeats.iter().all(|ending| ending == false), "{ending:?}");
    // A Python server sends nothing when asked for signs of life every second: the client gives the call up.
    let error = monitored("unheard", 1).await.unwrap_err();
    assert!(matches!(error, CallError::ServerLost(_)) && error.ran() == Ran::Maybe, "{error:?}");
    assert_eq!(proxy.received("basic.deliver").len(), ending.len(), "not one sign of life");
}

#[tokio::test]
async fn b14_client_ignores_heartbeats_after_the_reply() {
    let site = Site::new("b14").await;
    let _server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    let call = client.call(&Context::new(), "nope", &json!({})).call_monitor(Duration::from_secs(4));
    assert!(matches!(call.await, Err(CallError::Rejected(_))));
    // Python's watchdog is never stopped when there is no such method: its heartbeats follow the reply.
    let late =
        |record: &Record| record.received("basic.deliver") && record.message().inner["ending"] == false;
    proxy.records().first(2, LIMIT, "late heartbeats", late).await;
    client.call(&Context::new(), "echo", &json!({"x": 1})).await.unwrap();
}

#[tokio::test]
async fn b16_client_shares_one_reply_queue() {
    let site = Site::new("b16").await;
    let _server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let clients = [0, 1].map(|_| FunctionalClient::new(&transport, Target::topic(&site.topic)));
    let ctx = Context::new();
    let calls = (0..6).map(|number| clients[number % 2].delay(&ctx, 0.3));
    assert!(join_all(calls).await.into_iter().all(|outcome| outcome.is_ok()));
    let queues: BTreeSet<String> =
        requests(&proxy).iter().map(|r| r.message().inner["_reply_q"].as_str().unwrap().to_owned()).collect();
    assert_eq!(queues.len(), 1, "{queues:?}");
    let queue = queues.first().unwrap();
    let hex = queue.strip_prefix("reply_").unwrap();
    assert!(hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{queue}");
    let consumes = proxy.sent("basic.consume");
    assert_eq!(consumes.iter().filter(|consume| consume.text("queue") == queue).count(), 1);
}

#[tokio::test]
async fn b17_client_sends_the_trace_context() {
    let site = Site::new("b17c").await;
    let _server = site.python_server().await;
    let client = FunctionalClient::new(site.transport(), Target::topic(&site.topic));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let ctx = Context::new().with("traceparent", parent).unwrap();
    assert_eq!(client.get_context(&ctx).await.unwrap()["traceparent"], parent);
}
