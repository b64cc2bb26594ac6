//! Rows C: what a Rust peer declares. A difference closes the channel of whoever comes second, so both orders are tried.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::Context;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};
use std::time::Duration;
use tests::proxy::{Capture, Proxy, Record, Step};
use tests::python::{PythonClient, PythonServer};
use tests::rust_peer::{FunctionalClient, RustServer, connect};
use tests::site::Site;

const LIMIT: Duration = Duration::from_secs(30);
const DECLARING: [&str; 4] = ["exchange.declare", "queue.declare", "queue.bind", "basic.consume"];

/// The exchange as the broker lists it.
async fn exchange(site: &Site, name: &str) -> Value {
    let exchanges = site.host.exchanges().await;
    exchanges
        .into_iter()
        .find(|exchange| exchange["name"] == name)
        .unwrap_or_else(|| panic!("no exchange {name}"))
}

async fn tapped(site: &Site) -> (Proxy, Transport) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    (proxy, transport)
}

/// The steps that declare, bind and consume, without consumer tags, which are each peer's own.
fn declarations(mut steps: Vec<Step>) -> Vec<Step> {
    steps.retain(|step| DECLARING.iter().any(|method| step.head.starts_with(method)));
    for step in &mut steps {
        step.fields.retain(|field| field.0 != "consumer_tag");
    }
    steps
}

fn captured(peer: &str) -> Vec<Step> {
    let captures = Capture::all();
    let capture = captures.iter().find(|capture| capture.scenario == "rpc_call_ok").unwrap();
    declarations(capture.peers[peer].steps())
}

#[tokio::test]
async fn c01_server_declares_in_pythons_order_with_pythons_arguments() {
    let site = Site::new("c01s").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let _server = RustServer::builder(&site.host.url_at(proxy.address()), "topic1", "srv1").start().await;
    let seen = declarations(Step::of_records(&proxy.records().all()));
    assert_eq!(named(&seen), named(&captured("server")));

    // Whoever comes first, the second is not refused.
    let _python = PythonServer::builder(&site.url, "topic1").servers(&["srv2"]).start().await;
    let client = site.python_client().await;
    client.call(json!({"topic": "topic1", "server": "srv1"}), "whoami", json!({})).result().await;
    client.call(json!({"topic": "topic1", "server": "srv2"}), "whoami", json!({})).result().await;
    let python_first = Site::new("c01r").await;
    let _python = python_first.python_servers(&["python"]).await;
    let _rust = python_first.rust_server_called("rust").await;
    let client = python_first.python_client().await;
    for server in ["python", "rust"] {
        assert_eq!(client.call(python_first.target_of(server), "whoami", json!({})).result().await, server);
    }
}

#[tokio::test]
async fn c01_client_declares_what_python_declares() {
    let site = Site::new("c01c").await;
    let _server = PythonServer::builder(&site.url, "topic1").servers(&["srv1"]).start().await;
    let (proxy, transport) = tapped(&site).await;
    RpcClient::new(&transport, Target::topic("topic1"))
        .call(&Context::new(), "echo", &json!({}))
        .await
        .unwrap();
    let mut seen = named(&declarations(Step::of_records(&proxy.records().all())));
    let mut expected = named(&captured("client"));
    // Which of two independent things comes first, the reply queue or the exchange, is each peer's own.
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

fn named(steps: &[Step]) -> Vec<String> {
    let fields =
        |step: &Step| step.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect::<String>();
    steps.iter().map(|step| format!("{}{}", step.head, fields(step))).collect()
}

/// What the broker lists, with the ids of one run replaced.
async fn topology(site: &Site) -> Vec<String> {
    let is_hex = |part: &str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let name = |item: &Value| {
        let parts = item["name"].as_str().unwrap().split('_');
        parts.map(|part| if is_hex(part) { "<hex>" } else { part }).collect::<Vec<_>>().join("_")
    };
    let mut listed = Vec::new();
    for (what, items) in [("exchange", site.host.exchanges().await), ("queue", site.host.queues().await)] {
        for item in items {
            let shown = ["type", "durable", "auto_delete", "exclusive", "arguments"].map(|key| &item[key]);
            listed.push(format!("{what} {} {}", name(&item), json!(shown)));
        }
    }
    listed.sort();
    listed
}

/// With these options of `[oslo_messaging_rabbit]` a server and a client in Rust leave the same on the broker as two in
/// Python, and a second server of the other language is not refused, whichever came first.
async fn same_as_pythons(hint: &str, options: &[(&str, &str)]) {
    let query = options.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let conf: Value =
        options.iter().map(|(name, value)| (format!("oslo_messaging_rabbit.{name}"), json!(value))).collect();
    let python_server = async |site: &Site, name: &str| {
        let mut builder = PythonServer::builder(&site.url, "topic1").servers(&[name]);
        for (option, value) in conf.as_object().unwrap() {
            builder = builder.option(option, value.clone());
        }
        builder.start().await
    };
    let python_client =
        async |site: &Site| PythonClient::start_with(json!({"url": site.url, "conf": conf})).await;
    let rust_url = |site: &Site| format!("{}?{query}", site.url);
    let target = |server: &str| json!({"topic": "topic1", "server": server});

    let python = Site::new(&format!("{hint}p")).await;
    let _first = python_server(&python, "first").await;
    let client = python_client(&python).await;
    assert_eq!(client.call(target("first"), "whoami", json!({})).result().await, "first");
    let rust = Site::new(&format!("{hint}r")).await;
    let _first = RustServer::builder(&rust_url(&rust), "topic1", "first").start().await;
    let transport = connect(&rust_url(&rust));
    let to_rust = FunctionalClient::new(&transport, Target::server("topic1", "first"));
    assert_eq!(to_rust.whoami(&Context::new()).await.unwrap(), "first");
    assert_eq!(topology(&rust).await, topology(&python).await);

    let _second = RustServer::builder(&rust_url(&python), "topic1", "second").start().await;
    assert_eq!(client.call(target("second"), "whoami", json!({})).result().await, "second");
    let _second = python_server(&rust, "second").await;
    let client = python_client(&rust).await;
    for server in ["first", "second"] {
        assert_eq!(client.call(target(server), "whoami", json!({})).result().await, server);
    }
}

#[tokio::test]
async fn c02_durable_topology_is_pythons() {
    same_as_pythons("c02", &[("amqp_durable_queues", "true")]).await;
}

#[tokio::test]
async fn c03_auto_delete_topology_is_pythons() {
    same_as_pythons("c03", &[("amqp_auto_delete", "true")]).await;
}

#[tokio::test]
async fn c10_server_asks_for_the_prefetch_that_is_set() {
    let site = Site::new("c10").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let url = format!("{}?rabbit_qos_prefetch_count=7", site.host.url_at(proxy.address()));
    let _server = RustServer::builder(&url, &site.topic, "server1").start().await;
    let asked: Vec<Value> = proxy.sent("basic.qos").into_iter().map(|record| record.args).collect();
    assert_eq!(asked, [json!({"prefetch_size": 0, "prefetch_count": 7, "global": false})]);
}

#[tokio::test]
async fn c12_topology_with_another_expiry_or_none_is_pythons() {
    same_as_pythons("c12", &[("rabbit_transient_queues_ttl", "60")]).await;
    same_as_pythons("c12n", &[("rabbit_transient_queues_ttl", "0")]).await;
}

#[tokio::test]
async fn c16_server_deletes_its_fanout_queue_at_a_clean_stop_and_no_other() {
    let site = Site::new("c16").await;
    let server = site.rust_server().await;
    let names = site.host.queue_names().await;
    assert_eq!(names.len(), 3, "{names:?}");
    server.stop().await;
    let left = site.host.queue_names().await;
    assert_eq!(left, [site.topic.clone(), format!("{}.server1", site.topic)]);
}

#[tokio::test]
async fn c17_server_fanout_exchange_is_auto_delete() {
    let site = Site::new("c17s").await;
    let server = site.rust_server().await;
    let fanout = exchange(&site, &format!("{}_fanout", site.topic)).await;
    assert_eq!((&fanout["type"], &fanout["auto_delete"]), (&json!("fanout"), &json!(true)));
    assert_eq!(fanout["durable"], false);
    server.stop().await;
    assert!(!site.host.exchange_names().await.contains(&format!("{}_fanout", site.topic)));
}

#[tokio::test]
async fn c17_client_fanout_has_an_empty_routing_key() {
    let site = Site::new("c17c").await;
    let server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    client.cast(&Context::new(), "echo", &json!({"x": 1})).fanout().await.unwrap();
    server.wait_for(1, "echo").await;
    let publish = proxy.sent("basic.publish").remove(0);
    assert_eq!(publish.text("exchange"), format!("{}_fanout", site.topic));
    assert_eq!((publish.text("routing_key"), &publish.args["mandatory"]), ("", &json!(false)));
    let declared = |record: &Record| record.text("exchange").ends_with("_fanout");
    let declare =
        proxy.sent("exchange.declare").into_iter().find(declared).expect("the fanout exchange is declared");
    assert_eq!((&declare.args["type"], &declare.args["auto_delete"]), (&json!("fanout"), &json!(true)));
    // The exchange plays no part in a fanout.
    client.cast(&Context::new(), "echo", &json!({"x": 2})).exchange("other").fanout().await.unwrap();
    server.wait_for(2, "echo").await;
}

/// The queue's expiry is a whole number of milliseconds in a type that the broker takes for one.
fn expires(proxy: &Proxy, prefix: &str) {
    let declares = proxy.sent("queue.declare");
    let declare =
        declares.iter().find(|record| record.text("queue").starts_with(prefix)).expect("a declaration");
    assert_eq!(declare.args["arguments"], json!({"x-expires": 1_800_000}));
    assert_eq!(declare.args["arguments_types"], json!({"x-expires": "I"}), "the type that Python uses");
}

#[tokio::test]
async fn c19_server_fanout_queue_expires_after_milliseconds() {
    let site = Site::new("c19s").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let _server =
        RustServer::builder(&site.host.url_at(proxy.address()), &site.topic, "server1").start().await;
    expires(&proxy, &format!("{}_fanout_", site.topic));
}

#[tokio::test]
async fn c19_client_reply_queue_expires_after_milliseconds() {
    let site = Site::new("c19c").await;
    let _server = site.python_server().await;
    let (proxy, transport) = tapped(&site).await;
    FunctionalClient::new(&transport, Target::topic(&site.topic)).none(&Context::new()).await.unwrap();
    proxy.records().first(1, LIMIT, "a reply", |record| record.received("basic.deliver")).await;
    expires(&proxy, "reply_");
}
