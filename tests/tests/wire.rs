//! What crosses the wire, compared with what was recorded between two Python peers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::broker::{Broker, VirtualHost};
use tests::proxy::{Capture, Difference, Proxy, Step, differences};
use tests::python::{PythonClient, PythonServer};

const LIMIT: Duration = Duration::from_secs(30);

/// A Python server of the scenario, behind a proxy of its own.
async fn python_server(host: &VirtualHost, server: &Value) -> (Proxy, PythonServer) {
    let proxy = Proxy::start(host.broker().address()).await;
    let name = server["server"].as_str().unwrap();
    let url = host.url_at(proxy.address());
    let mut builder = PythonServer::builder(&url, server["topic"].as_str().unwrap()).servers(&[name]);
    if let Some(exchange) = server["exchange"].as_str() {
        builder = builder.exchange(exchange);
    }
    for (option, value) in server["conf"].as_object().unwrap() {
        builder = builder.option(option, value.clone());
    }
    (proxy, builder.start().await)
}

/// The scenario's requests, made by a Python client behind a proxy of its own; what they gave does not matter here.
async fn python_requests(client: &PythonClient, capture: &Capture) {
    for request in &capture.requests {
        let make = if request["op"] == "call" { PythonClient::call } else { PythonClient::cast };
        let args = request.get("args").cloned().unwrap_or(json!({}));
        let mut made = make(client, request["target"].clone(), request["method"].as_str().unwrap(), args);
        for key in ["timeout", "at_least_once", "context"] {
            if let Some(value) = request.get(key) {
                made = made.with(key, value.clone());
            }
        }
        let _ = made.outcome().await;
    }
}

/// Waits until the server behind `proxy` has acknowledged as much as the recorded one did.
async fn everything_arrived(proxy: &Proxy, capture: &Capture, peer: &str) {
    let count = capture.peers[peer].count("basic.ack");
    proxy.records().first(count, LIMIT, "acknowledgements", |record| record.sent("basic.ack")).await;
}

fn compare(capture: &Capture, peer: &str, proxy: &Proxy) -> BTreeSet<Difference> {
    differences(&capture.peers[peer].steps(), &Step::of_records(&proxy.records().all()))
}

#[tokio::test]
async fn python_under_the_proxy_reproduces_the_captures() {
    for capture in Capture::all() {
        let host = Broker::shared().virtual_host(&capture.scenario).await;
        let mut servers = Vec::new();
        for server in &capture.servers {
            servers.push(python_server(&host, server).await);
        }
        let proxy = Proxy::start(host.broker().address()).await;
        let url = host.url_at(proxy.address());
        let client = PythonClient::start_with(json!({"url": url, "conf": capture.client_conf})).await;
        python_requests(&client, &capture).await;
        client.stop().await;
        let mut found = compare(&capture, "client", &proxy);
        for (number, (proxy, server)) in servers.into_iter().enumerate() {
            let peer = if number == 0 { "server".to_owned() } else { format!("server{}", number + 1) };
            everything_arrived(&proxy, &capture, &peer).await;
            server.stop().await;
            found.extend(compare(&capture, &peer, &proxy));
        }
        assert!(found.is_empty(), "{}: {found:#?}", capture.scenario);
    }
}
