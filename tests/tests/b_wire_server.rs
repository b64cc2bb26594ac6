//! Rows B: what a Rust server writes and accepts, seen from outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use lapin::BasicProperties;
use serde_json::{Value, json};
use std::time::Duration;
use tests::proxy::{Proxy, Record};
use tests::python::PythonClient;
use tests::raw::{Raw, envelope, id, oslo_properties};
use tests::rust_peer::RustServer;
use tests::site::Site;

const LIMIT: Duration = Duration::from_secs(30);

/// A Rust server behind a proxy.
async fn tapped(site: &Site) -> (Proxy, RustServer) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let server =
        RustServer::builder(&site.host.url_at(proxy.address()), &site.topic, "server1").start().await;
    (proxy, server)
}

/// The keys without those that only Rust peers know.
fn pythons(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).filter(|key| !["_peer", "_deadline_ms"].contains(key)).collect()
}

fn replies(proxy: &Proxy) -> Vec<Record> {
    proxy.sent("basic.publish")
}

#[tokio::test]
async fn b02_server_replies_as_python_does() {
    let site = Site::new("b02").await;
    let (proxy, _server) = tapped(&site).await;
    let client = site.python_client().await;
    client.call(site.target(), "echo", json!({"x": 1})).result().await;
    let request = proxy.received("basic.deliver")[0].message();
    let reply = replies(&proxy).remove(0);
    assert_eq!((reply.text("exchange"), &reply.args["routing_key"]), ("", &request.inner["_reply_q"]));
    assert_eq!((&reply.args["mandatory"], &reply.args["immediate"]), (&json!(true), &json!(false)));
    let properties = json!({"content_type": "application/json", "content_encoding": "utf-8", "headers": {},
        "delivery_mode": 2, "priority": 0});
    assert_eq!(reply.properties, properties, "and no expiration");
    let message = reply.message();
    assert_eq!(message.envelope, ["oslo.version", "oslo.message"]);
    assert_eq!(pythons(&message.keys), ["result", "failure", "ending", "_msg_id", "_unique_id"]);
    assert_eq!(message.inner["_msg_id"], request.inner["_msg_id"]);
    assert_eq!((&message.inner["result"], &message.inner["ending"]), (&json!(1), &json!(true)));
    assert_eq!(message.inner["failure"], Value::Null);
    assert_ne!(message.inner["_unique_id"], request.inner["_unique_id"]);
}

#[tokio::test]
async fn b03_server_writes_failures_that_python_reads() {
    let site = Site::new("b03").await;
    let (proxy, _server) = tapped(&site).await;
    let specification = json!({"url": site.url, "allowed_remote_exmods": ["peer_errors"]});
    let client = PythonClient::start_with(specification).await;
    client.call(site.target(), "boom_builtin", json!({})).raised().await;
    let message = replies(&proxy)[0].message();
    assert_eq!(message.failure_keys, ["class", "module", "message", "tb", "args", "kwargs"]);
    let expected = json!({"class": "ValueError", "module": "builtins", "message": "('bad value', 42)", "tb": [],
        "args": ["bad value", 42], "kwargs": {}});
    assert_eq!(message.failure, expected);
    assert_eq!(message.inner["result"], Value::Null);

    let raised = client.call(site.target(), "raise_custom", json!({})).raised().await;
    assert!(raised.bases.contains(&"CustomError".to_owned()), "{raised:?}");
    let raised = client.call(site.target(), "raise_with_keywords", json!({})).raised().await;
    assert!(raised.bases.contains(&"KeywordError".to_owned()), "{raised:?}");
    assert_eq!(raised.kwargs, json!({"instance_id": "i-1", "host": "h1"}));

    // A panic tells the peer that something went wrong here, and nothing else.
    let raised = client.call(site.target(), "raise_own_type_error", json!({})).raised().await;
    assert_eq!(raised.remote_class.as_deref(), Some("InternalError"));
    assert!(!raised.text.contains("secret"), "{}", raised.text);
}

#[tokio::test]
async fn b05_server_exchanges_compressed_bodies() {
    let site = Site::new("b05s").await;
    // What is called gzip is a zlib stream.
    for (compression, header, magic) in
        [("gzip", "application/x-gzip", b"\x78\x9c"), ("bzip2", "application/x-bz2", b"BZ")]
    {
        let proxy = Proxy::start(site.host.broker().address()).await;
        let url = format!("{}?kombu_compression={compression}", site.host.url_at(proxy.address()));
        let server = RustServer::builder(&url, &site.topic, "server1").start().await;
        let conf = json!({"oslo_messaging_rabbit.kombu_compression": compression});
        let client = PythonClient::start_with(json!({"url": site.url, "conf": conf})).await;
        let text = "y".repeat(5000);
        assert_eq!(client.call(site.target(), "echo", json!({"x": text})).result().await, text);
        for message in [&proxy.received("basic.deliver")[0], &replies(&proxy)[0]] {
            assert_eq!(message.properties["headers"], json!({ "compression": header }));
            assert!(message.body.as_deref().unwrap().starts_with(magic), "{compression}");
        }
        server.stop().await;
    }
}

/// A variant of a request: its label, properties and body; what becomes of the delivery, and whether it runs.
struct Variant {
    label: &'static str,
    properties: BasicProperties,
    body: String,
    verdict: &'static str,
    runs: bool,
}

fn request(label: &str) -> Value {
    json!({"method": "echo", "args": {"x": label}, "_unique_id": id()})
}

/// The request with one key changed.
fn changed(label: &str, key: &str, value: Value) -> Value {
    let mut request = request(label);
    request[key] = value;
    request
}

fn variants() -> Vec<Variant> {
    let typed = |content_type: &str| oslo_properties().with_content_type(content_type.into());
    let encoded = |encoding: &str| oslo_properties().with_content_encoding(encoding.into());
    let plain = oslo_properties;
    let good = |label, properties, body| Variant { label, properties, body, verdict: "ack", runs: true };
    // Python acknowledges these before it looks at them; they fail in its log. A request that cannot be read and says
    // nobody to answer to is rejected here like every other unreadable body: it is gone either way, and where an operator
    // has given the queue a dead-letter exchange he finds it there. With an address it is answered and acknowledged.
    let unreadable =
        |label, body| Variant { label, properties: plain(), body, verdict: "reject", runs: false };
    let odd = |label, body| Variant { label, properties: plain(), body, verdict: "ack", runs: false };
    let bad = |label, properties, body| Variant { label, properties, body, verdict: "reject", runs: false };
    let versioned = |label, version: Value| {
        let body = json!({"oslo.version": version, "oslo.message": request(label).to_string()}).to_string();
        bad(label, plain(), body)
    };
    let enveloped = |label| envelope(&request(label));
    let without = |label, key: &str| {
        let mut request = request(label);
        request.as_object_mut().unwrap().remove(key);
        envelope(&request)
    };
    let untyped = BasicProperties::default;
    let raw_utf8 =
        json!({"oslo.version": "2.0", "oslo.message": request("raw hé中😀").to_string()}).to_string();
    let extra =
        json!({"oslo.version": "2.0", "oslo.message": request("extra envelope key").to_string(), "x": 1});
    let object = json!({"oslo.version": "2.0", "oslo.message": request("message as object")});
    vec![
        good("minimal", plain(), enveloped("minimal")),
        bad("no content type", untyped().with_content_encoding("utf-8".into()), enveloped("no content type")),
        bad("no properties", untyped(), enveloped("no properties")),
        good("no encoding", untyped().with_content_type("application/json".into()), enveloped("no encoding")),
        good("raw hé中😀", plain(), raw_utf8),
        good("escaped é", plain(), enveloped("escaped é").replace('é', r"\u00e9")),
        good("encoding binary", encoded("binary"), enveloped("encoding binary")),
        good("encoding us-ascii", encoded("us-ascii"), enveloped("encoding us-ascii")),
        good("encoding UTF-8", encoded("UTF-8"), enveloped("encoding UTF-8")),
        bad("Application/JSON", typed("Application/JSON"), enveloped("Application/JSON")),
        bad("octet-stream", typed("application/octet-stream"), enveloped("octet-stream")),
        bad("text/json", typed("text/json"), enveloped("text/json")),
        bad("charset", typed("application/json; charset=utf-8"), enveloped("charset")),
        good("bare", plain(), request("bare").to_string()),
        versioned("envelope 2.1", json!("2.1")),
        versioned("envelope 1.0", json!("1.0")),
        versioned("envelope 3.0", json!("3.0")),
        versioned("envelope 2", json!("2")),
        versioned("envelope float", json!(2.0)),
        bad("message as object", plain(), object.to_string()),
        good("extra envelope key", plain(), extra.to_string()),
        good("no unique id", plain(), without("no unique id", "_unique_id")),
        unreadable("args null", envelope(&changed("args null", "args", Value::Null))),
        good("null", plain(), without("null", "args")),
        odd("version null", envelope(&changed("version null", "version", Value::Null))),
        odd("version 1", envelope(&changed("version 1", "version", json!("1")))),
        odd("version a.b", envelope(&changed("version a.b", "version", json!("a.b")))),
        good("namespace null", plain(), envelope(&changed("namespace null", "namespace", Value::Null))),
        odd("namespace empty", envelope(&changed("namespace empty", "namespace", json!("")))),
        good("extra inner key", plain(), envelope(&changed("extra inner key", "foo", json!(1)))),
        // Python runs it and publishes the answer to nobody, again and again for a minute.
        unreadable("no reply queue", envelope(&changed("no reply queue", "_msg_id", json!(id())))),
        unreadable("no method", without("no method", "method")),
        bad("not json", plain(), "this is not json".to_owned()),
        bad("a text", plain(), "\"a text\"".to_owned()),
        bad("a list", plain(), "[1,2]".to_owned()),
        good(
            "last",
            plain().with_delivery_mode(1).with_priority(5).with_app_id("x".into()),
            enveloped("last"),
        ),
    ]
}

#[tokio::test]
async fn b06_server_accepts_and_rejects_what_python_does() {
    let site = Site::new("b06").await;
    let (proxy, server) = tapped(&site).await;
    let raw = Raw::connect(&site.host).await;
    let variants = variants();
    for variant in &variants {
        raw.publish("openstack", &site.topic, variant.properties.clone(), variant.body.as_bytes()).await;
    }
    let last = |ran: &tests::rust_peer::Ran| (ran.note == "last").then_some(());
    server.journal().next(LIMIT, "the last one runs", last).await;
    let verdicts = proxy.wait_for_verdicts(variants.len()).await;
    let ran: Vec<String> = server.journal().all().into_iter().map(|ran| ran.note).collect();
    let mut wrong = Vec::new();
    for (number, variant) in variants.iter().enumerate() {
        let seen = (verdicts[number], ran.iter().any(|note| note == variant.label));
        if seen != (variant.verdict, variant.runs) {
            wrong.push(format!(
                "{}: expected {:?}, saw {seen:?}",
                variant.label,
                (variant.verdict, variant.runs)
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn b08_server_passes_odd_json_through() {
    let site = Site::new("b08s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let reference = site.python_servers(&["reference"]).await;
    for name in [
        "nan",
        "infinity",
        "minus_infinity",
        "big_integer",
        "lone_surrogate",
        "number_keys",
        "small_float",
        "big_float",
        "text",
        "deep",
    ] {
        let ask = async |server: &str, method: &str, args: Value| {
            let call = client.call(site.target_of(server), method, args);
            call.outcome().await.unwrap_or_else(|e| panic!("{name}: {e:?}")).shown
        };
        let expected = ask("reference", "odd", json!({"name": name})).await;
        assert_eq!(ask("server1", "odd", json!({"name": name})).await, expected, "{name}");
        let echo = client.call(site.target_of("server1"), "echo", json!({})).with("odd", name);
        assert_eq!(echo.outcome().await.unwrap().shown, expected, "{name} echoed");
    }
    drop(reference);
}

#[tokio::test]
async fn b09_server_echoes_a_large_body() {
    let site = Site::new("b09s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let text = "z".repeat(300_000);
    assert_eq!(client.call(site.target(), "echo", json!({"x": text})).result().await, text);
}

/// That the acknowledgement is queued before the handler starts cannot be seen from outside: it is written by another
/// thread (`docs/decisions/ack-before-dispatch.md`). What can be seen is that no handler has to end for it.
#[tokio::test]
async fn b10_server_acknowledges_all_that_runs_before_any_of_it_ends() {
    let site = Site::new("b10").await;
    let (proxy, server) = tapped(&site).await;
    let client = site.python_client().await;
    let calls =
        ["g1", "g2", "g3"].map(|gate| client.call(site.target(), "wait_at", json!({"gate": gate})).result());
    let held = async {
        server.wait_for(3, "wait_at").await;
        // All three wait for their gates, so what is acknowledged now is acknowledged before any answer.
        assert_eq!(proxy.wait_for_verdicts(3).await, ["ack"; 3]);
        assert_eq!(replies(&proxy).len(), 0);
        for answered in 1..=3 {
            server.gates().open(&format!("g{answered}"));
            let reply = |record: &Record| record.sent("basic.publish");
            proxy.records().first(answered, LIMIT, "the answer", reply).await;
        }
    };
    let (answers, ()) = tokio::join!(join_all(calls), held);
    assert_eq!(answers, ["g1", "g2", "g3"]);
    assert!(proxy.sent("basic.ack").len() <= 3, "one each, or one for several");
}

#[tokio::test]
async fn b11_server_drops_duplicates_and_acknowledges_them() {
    let site = Site::new("b11").await;
    let (proxy, server) = tapped(&site).await;
    let raw = Raw::connect(&site.host).await;
    let send = async |label: &str, unique_id: &str| {
        let inner = json!({"method": "echo", "args": {"x": label}, "_unique_id": unique_id});
        raw.send("openstack", &site.topic, &inner).await;
    };
    send("first", "dup-1").await;
    send("at once", "dup-1").await;
    for number in 0..15 {
        send(&format!("filler {number}"), &id()).await;
    }
    send("after 15 others", "dup-1").await;
    send("last", &id()).await;
    let last = |ran: &tests::rust_peer::Ran| (ran.note == "last").then_some(());
    server.journal().next(LIMIT, "the last one runs", last).await;
    let settled = || async { if proxy.verdicts().len() == 19 { Ok(()) } else { Err(proxy.verdicts()) } };
    tests::wait::eventually(LIMIT, "19 settled", settled).await;
    assert!(proxy.verdicts().values().all(|verdict| *verdict == "ack"), "{:?}", proxy.verdicts());
    let notes: Vec<String> = server.journal().all().into_iter().map(|ran| ran.note).collect();
    assert_eq!(notes.len(), 17, "{notes:?}");
    assert!(!notes.contains(&"at once".to_owned()) && !notes.contains(&"after 15 others".to_owned()));
    assert_eq!(server.handle().stats().duplicates, 2);
}

#[tokio::test]
async fn b13_server_sends_heartbeats_every_half_interval() {
    let site = Site::new("b13s").await;
    let (proxy, server) = tapped(&site).await;
    let client = site.python_client().await;
    let monitored = |gate: &str, monitor: u64| {
        let call = client.call(site.target(), "wait_at", json!({"gate": gate})).with("timeout", 60);
        call.with("call_monitor_timeout", monitor)
    };
    let heard = async {
        // With the third the call is older than the monitor bears without any.
        let heartbeat = |record: &Record| record.sent("basic.publish");
        proxy.records().first(3, LIMIT, "heartbeats", heartbeat).await;
        server.gates().open("heard");
    };
    let (answer, ()) = tokio::join!(monitored("heard", 6).result(), heard);
    assert_eq!(answer, "heard");
    let sent = replies(&proxy);
    let (answer, heartbeats) = sent.split_last().unwrap();
    assert_eq!(answer.message().inner["ending"], true);
    // At 3, 6 and 9 seconds. A busy machine makes each late, and none early.
    let begun = proxy.received("basic.deliver")[0].at;
    for (heartbeat, number) in heartbeats.iter().zip(1..) {
        let at = heartbeat.at - begun;
        assert!(at >= Duration::from_secs(3 * number), "heartbeat {number} after {at:?}");
        let message = heartbeat.message();
        assert_eq!(pythons(&message.keys), ["result", "failure", "ending", "_msg_id", "_unique_id"]);
        assert_eq!((&message.inner["ending"], &message.inner["result"]), (&json!(false), &Value::Null));
        assert_eq!(heartbeat.args["mandatory"], true);
    }

    // One second is below what a server sends at: Python sends nothing either, and the client gives up.
    assert_eq!(monitored("unheard", 1).raised().await.class, "MessagingTimeout");
    server.wait_for(2, "wait_at").await;
    server.gates().open("unheard");
    let answered =
        |record: &Record| record.sent("basic.publish") && record.message().inner["result"] == "unheard";
    proxy.records().first(1, LIMIT, "the late answer", answered).await;
    assert_eq!(replies(&proxy).len(), sent.len() + 1, "not one sign of life before it");
}

#[tokio::test]
async fn b15_server_tries_a_missing_reply_queue_again_with_a_fresh_id() {
    let site = Site::new("b15").await;
    let (proxy, _server) = tapped(&site).await;
    let raw = Raw::connect(&site.host).await;
    let queue = format!("reply_{}", id());
    let request = json!({"method": "echo", "args": {"x": 1}, "_msg_id": id(), "_reply_q": queue, "_timeout": null,
        "_unique_id": id()});
    raw.send("openstack", &site.topic, &request).await;
    let returned = |record: &Record| record.received("basic.return");
    proxy.records().first(3, LIMIT, "returned replies", returned).await;
    raw.declare_queue(&queue).await;
    let taken = || async { raw.take(&queue).await.ok_or("nothing there yet") };
    let reply = tests::wait::eventually(LIMIT, "the reply", taken).await;
    assert!(String::from_utf8(reply).unwrap().contains(request["_msg_id"].as_str().unwrap()));
    let tries = replies(&proxy);
    for (one, next) in tries.iter().zip(&tries[1..]) {
        let (first, second) = (one.message().inner, next.message().inner);
        assert_eq!(first["_msg_id"], second["_msg_id"]);
        assert_ne!(first["_unique_id"], second["_unique_id"], "Python drops a second one with the same");
        assert!(next.at - one.at >= Duration::from_millis(250), "{:?}", next.at - one.at);
    }
}

#[tokio::test]
async fn b17_server_hands_the_trace_context_on() {
    let site = Site::new("b17s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let context = json!({"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
    let seen = client.call(site.target(), "get_context", json!({})).with("context", context.clone());
    assert_eq!(seen.result().await, context);
}
