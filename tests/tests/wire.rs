//! What crosses the wire in whole scenarios, compared with what was recorded between two Python peers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::StreamExt;
use futures_util::stream::iter;
use oslo_messaging::Context;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::broker::{Broker, VirtualHost};
use tests::proxy::{Allowed, Capture, Difference, Proxy, Step, differences};
use tests::python::{PythonClient, PythonServer};
use tests::rust_peer::{RustServer, connect};

const LIMIT: Duration = Duration::from_secs(30);

/// How many scenarios run at a time.
const PARALLEL: usize = 4;

/// What a peer of a scenario sent, unlike the recorded one.
type Found = Vec<(&'static str, BTreeSet<Difference>)>;

enum Server {
    Python(Box<PythonServer>),
    Rust(Box<RustServer>),
}

/// Runs the scenario with these peers, each behind a proxy of its own, and compares what each sent.
async fn run(capture: &Capture, rust_servers: bool, rust_client: bool) -> Found {
    let host = Broker::shared().virtual_host(&capture.scenario).await;
    let mut servers = Vec::new();
    for server in &capture.servers {
        let proxy = Proxy::start(host.broker().address()).await;
        let url = host.url_at(proxy.address());
        let started =
            if rust_servers { rust_server(&url, server).await } else { python_server(&url, server).await };
        servers.push((proxy, started));
    }
    let proxy = Proxy::start(host.broker().address()).await;
    let url = host.url_at(proxy.address());
    if rust_client {
        rust_requests(&url, capture).await
    } else {
        python_requests(&url, capture).await
    }
    let mut found = vec![("client", compare(capture, "client", &proxy).await)];
    for ((proxy, server), peer) in servers.into_iter().zip(["server", "server2"]) {
        everything_arrived(&proxy, &host, capture, peer).await;
        match server {
            Server::Python(server) => server.stop().await,
            Server::Rust(server) => _ = server.stop().await,
        }
        found.push((peer, compare(capture, peer, &proxy).await));
    }
    found
}

async fn python_server(url: &str, server: &Value) -> Server {
    let name = server["server"].as_str().unwrap();
    let mut builder = PythonServer::builder(url, server["topic"].as_str().unwrap()).servers(&[name]);
    if let Some(exchange) = server["exchange"].as_str() {
        builder = builder.exchange(exchange);
    }
    for (option, value) in server["conf"].as_object().unwrap() {
        builder = builder.option(option, value.clone());
    }
    Server::Python(Box::new(builder.start().await))
}

async fn rust_server(url: &str, server: &Value) -> Server {
    let text = |key: &str| server[key].as_str();
    let url = with_options(url, &server["conf"]);
    let mut builder = RustServer::builder(&url, text("topic").unwrap(), text("server").unwrap());
    let control_exchange = server["conf"]["control_exchange"].as_str();
    if let Some(exchange) = text("exchange").or(control_exchange) {
        builder = builder.exchange(exchange);
    }
    Server::Rust(Box::new(builder.start().await))
}

/// The URL with the scenario's options of `[oslo_messaging_rabbit]`.
fn with_options(url: &str, conf: &Value) -> String {
    let options = conf.as_object().unwrap().iter().filter_map(|(option, value)| {
        let name = option.strip_prefix("oslo_messaging_rabbit.")?;
        Some(format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    });
    format!("{url}?{}", options.collect::<Vec<_>>().join("&"))
}

/// The scenario's requests one after another; what they give does not matter here.
async fn python_requests(url: &str, capture: &Capture) {
    let client = PythonClient::start_with(json!({"url": url, "conf": capture.client_conf})).await;
    for request in &capture.requests {
        let make = if request["op"] == "call" { PythonClient::call } else { PythonClient::cast };
        let args = request.get("args").cloned().unwrap_or(json!({}));
        let mut made = make(&client, request["target"].clone(), request["method"].as_str().unwrap(), args);
        for key in ["timeout", "at_least_once", "context"] {
            if let Some(value) = request.get(key) {
                made = made.with(key, value.clone());
            }
        }
        let _ = made.outcome().await;
    }
    client.stop().await;
}

/// The same through a Rust client.
async fn rust_requests(url: &str, capture: &Capture) {
    let transport = connect(&with_options(url, &capture.client_conf));
    for request in &capture.requests {
        let entries = request["context"].as_object().into_iter().flatten();
        let ctx = entries.fold(Context::new(), |ctx, (key, value)| ctx.with(key, value).unwrap());
        let text = |key: &str| request["target"][key].as_str();
        let mut target = Target::topic(text("topic").unwrap());
        target.server = text("server").map(Into::into);
        target.exchange =
            text("exchange").or(capture.client_conf["control_exchange"].as_str()).map(Into::into);
        target.namespace = text("namespace").map(Into::into);
        target.version = text("version").map(|version| version.parse().unwrap());
        target.fanout = request["target"]["fanout"] == true;
        let client = RpcClient::new(&transport, target);
        let args = request.get("args").cloned().unwrap_or(json!({}));
        let method = request["method"].as_str().unwrap().to_owned();
        if request["op"] == "call" {
            let call = client.call(&ctx, method, &args);
            // Python's timeout begins with the publish, ours with the call: on a busy machine it could end before that.
            let call = if request["timeout"].is_null() { call } else { call.timeout(LIMIT) };
            let _ = call.await;
        } else {
            let _ = client.cast(&ctx, method, &args).await;
        }
    }
    transport.close(LIMIT).await;
}

/// Waits until the server behind `proxy` has settled as many requests as the recorded one.
async fn everything_arrived(proxy: &Proxy, host: &VirtualHost, capture: &Capture, peer: &str) {
    let whom = format!("{peer} in {} of {}", host.name(), capture.scenario);
    proxy.wait_for_settled(capture.peers[peer].settled(), &whom).await;
}

/// What the process behind `proxy` sent, unlike the recorded one, once it has closed every connection, each in order: the
/// lane of closings has equal steps only once.
async fn compare(capture: &Capture, peer: &str, proxy: &Proxy) -> BTreeSet<Difference> {
    proxy.wait_for_good_byes(&format!("{peer} in {}", capture.scenario)).await;
    differences(&capture.peers[peer].steps(), &Step::of_records(&proxy.records().all()))
}

#[tokio::test]
async fn python_under_the_proxy_reproduces_the_captures() {
    let captures = Capture::all();
    let runs = captures.iter().map(async |capture| (&capture.scenario, run(capture, false, false).await));
    let outcomes: Vec<_> = iter(runs).buffer_unordered(PARALLEL).collect().await;
    for (scenario, mut found) in outcomes {
        for (_, found) in &mut found {
            // Python opens one more when the next answer is ready before the last one's connection is back in its pool.
            found.retain(|difference| !difference.0.starts_with("structure: the process: c"));
        }
        assert!(found.iter().all(|(_, found)| found.is_empty()), "{scenario}: {found:#?}");
    }
}

#[tokio::test]
async fn rust_differs_from_the_captures_only_where_it_is_meant_to() {
    let captures = Capture::all();
    let runs = captures.iter().map(async |capture| {
        let as_client = run(capture, false, true).await.remove(0);
        let mut as_servers = run(capture, true, false).await;
        as_servers[0] = as_client;
        (&capture.scenario, as_servers)
    });
    let outcomes: Vec<_> = iter(runs).buffer_unordered(PARALLEL).collect().await;
    let mut allowed = Allowed::load(&["client", "server"]);
    let mut unlisted = Vec::new();
    for (scenario, found) in &outcomes {
        for (peer, found) in found {
            let peer = peer.trim_end_matches('2');
            unlisted
                .extend(allowed.unlisted(peer, found).into_iter().map(|line| format!("{scenario}: {line}")));
        }
    }
    assert!(unlisted.is_empty(), "not in ALLOWED_DIFFERENCES.toml:\n{}", unlisted.join("\n"));
    assert!(allowed.unused().is_empty(), "listed, but there is no such difference: {:#?}", allowed.unused());
}
