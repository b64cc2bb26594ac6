//! What crosses the wire in whole scenarios of notifications, compared with what was recorded between Python peers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::iter;
use oslo_messaging::notify::{ListenerBuilder, MessagingDriver, NotificationResult, Notifier, Priority};
use oslo_messaging::{Context, Target};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tests::broker::{Broker, VirtualHost};
use tests::proxy::{Allowed, Difference, NotifyCapture, Proxy, Step, differences};
use tests::python::{PythonListener, PythonNotifier};
use tests::rust_peer::{Noted, RustListener, connect};

const LIMIT: Duration = Duration::from_secs(60);

/// How many scenarios run at a time.
const PARALLEL: usize = 4;

/// What a peer of a scenario sent, unlike the recorded one.
type Found = Vec<(String, BTreeSet<Difference>)>;

/// The listeners of one peer.
enum Listeners {
    Python(Box<PythonListener>),
    Rust(Vec<RustListener>),
}

/// A peer behind a proxy of its own.
struct Tapped<'a> {
    name: String,
    proxy: Proxy,
    listeners: Option<Listeners>,
    capture: &'a NotifyCapture,
}

impl<'a> Tapped<'a> {
    async fn new(capture: &'a NotifyCapture, host: &VirtualHost, kind: &str, number: usize) -> Self {
        let name = if number == 0 { kind.to_owned() } else { format!("{kind}{}", number + 1) };
        Self { name, proxy: Proxy::start(host.broker().address()).await, listeners: None, capture }
    }

    /// Waits until a listener has settled as many notifications as the recorded one, and stops it.
    async fn finish(&mut self) {
        let recorded = &self.capture.peers[&self.name];
        let expected = recorded.count("basic.ack") + recorded.count("basic.reject");
        self.proxy.wait_for_verdicts(expected).await;
        match self.listeners.take() {
            Some(Listeners::Python(listener)) => listener.stop().await,
            Some(Listeners::Rust(listeners)) => {
                _ = join_all(listeners.into_iter().map(RustListener::stop)).await
            }
            None => {}
        }
    }

    /// What the peer sent, unlike the recorded one, once it has closed every connection.
    async fn compare(&self) -> (String, BTreeSet<Difference>) {
        self.proxy.wait_for_good_byes(&format!("{} in {}", self.name, self.capture.scenario)).await;
        let steps = [self.capture.peers[&self.name].steps(), Step::of_records(&self.proxy.records().all())];
        let steps = steps.map(Step::in_order_of_names);
        (self.name.clone(), differences(&steps[0], &steps[1]))
    }
}

/// Runs the scenario with these peers, each behind a proxy of its own, and compares what each sent.
async fn run(capture: &NotifyCapture, rust: bool) -> Found {
    let host = Broker::shared().virtual_host(&capture.scenario).await;
    let (late, early): (Vec<_>, Vec<_>) =
        capture.listeners.iter().enumerate().partition(|(_, listener)| listener["late"] == true);
    let mut listening = start(capture, &host, early, rust).await;
    let mut found = Vec::new();
    for (number, notifier) in capture.notifiers.iter().enumerate() {
        let tapped = Tapped::new(capture, &host, "notifier", number).await;
        let url = host.url_at(tapped.proxy.address());
        if rust {
            rust_notifier(&url, notifier).await
        } else {
            python_notifier(&url, notifier).await
        }
        found.push(tapped.compare().await);
    }
    listening.extend(start(capture, &host, late, rust).await);
    join_all(listening.iter_mut().map(Tapped::finish)).await;
    found.extend(join_all(listening.iter().map(Tapped::compare)).await);
    found
}

async fn start<'a>(
    capture: &'a NotifyCapture,
    host: &VirtualHost,
    listeners: Vec<(usize, &Value)>,
    rust: bool,
) -> Vec<Tapped<'a>> {
    let mut started = Vec::new();
    for (number, listener) in listeners {
        let mut tapped = Tapped::new(capture, host, "listener", number).await;
        let url = host.url_at(tapped.proxy.address());
        tapped.listeners = Some(if rust {
            rust_listeners(&url, listener).await
        } else {
            python_listeners(&url, listener).await
        });
        started.push(tapped);
    }
    started
}

async fn python_listeners(url: &str, listener: &Value) -> Listeners {
    let mut specification = listener.clone();
    specification["url"] = json!(url);
    Listeners::Python(Box::new(PythonListener::start_with(specification).await))
}

async fn rust_listeners(url: &str, listener: &Value) -> Listeners {
    let mut started = Vec::new();
    for _ in 0..listener["listeners"].as_u64().unwrap_or(1) {
        let mut builder = RustListener::builder(url, &[]);
        for target in listener["targets"].as_array().unwrap() {
            let topic = Target::topic(target["topic"].as_str().unwrap());
            builder = builder.target(match target["exchange"].as_str() {
                Some(exchange) => topic.with_exchange(exchange),
                None => topic,
            });
        }
        if let Some(priorities) = listener["priorities"].as_array() {
            let priorities: Vec<Priority> =
                priorities.iter().map(|name| name.as_str().unwrap().parse().unwrap()).collect();
            builder = builder.priorities(&priorities);
        }
        if listener["misbehave"]["evt.info"] == "requeue" {
            let left = AtomicU64::new(listener["times"].as_u64().unwrap_or(1));
            let less =
                move || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            builder = builder.answer(move |_: &Noted| {
                Ok(if less().is_ok() { NotificationResult::Requeue } else { NotificationResult::Handled })
            });
        }
        let pool = listener["pool"].as_str().map(str::to_owned);
        let allow_requeue = listener["allow_requeue"] == true;
        let options = move |mut builder: ListenerBuilder| {
            if let Some(pool) = pool {
                builder = builder.pool(pool);
            }
            builder.allow_requeue(allow_requeue)
        };
        started.push(builder.options(options).start().await);
    }
    Listeners::Rust(started)
}

async fn python_notifier(url: &str, notifier: &Value) {
    let mut specification = notifier.clone();
    specification["url"] = json!(url);
    let requests = specification["requests"].take();
    specification["topics"] = json!([]);
    let peer = PythonNotifier::start_with(specification).await;
    for request in requests.as_array().unwrap() {
        peer.request(request.clone()).await;
    }
    peer.stop().await;
}

async fn rust_notifier(url: &str, notifier: &Value) {
    let transport = connect(url);
    let mut driver = if notifier["driver"] == "messaging" {
        MessagingDriver::v1(&transport)
    } else {
        MessagingDriver::v2(&transport)
    };
    if let Some(exchange) = notifier["conf"]["control_exchange"].as_str() {
        driver = driver.exchange(exchange);
    }
    for request in notifier["requests"].as_array().unwrap() {
        let topics = request["topics"].as_array().unwrap().iter().map(|topic| topic.as_str().unwrap());
        let notifier =
            Notifier::builder(&transport).publisher_id("svc.host1").topics(topics).driver(driver.clone());
        let priority: Priority = request["priority"].as_str().unwrap().parse().unwrap();
        let event_type = request["event_type"].as_str().unwrap();
        let notifier = notifier.build().unwrap();
        notifier.send(priority, &Context::new(), event_type, &request["payload"]).await.unwrap();
    }
    transport.close(LIMIT).await;
}

async fn all(rust: bool) -> Vec<(String, Found)> {
    let captures = NotifyCapture::all();
    let runs = captures.iter().map(async |capture| (capture.scenario.clone(), run(capture, rust).await));
    iter(runs).buffer_unordered(PARALLEL).collect().await
}

#[tokio::test]
async fn python_under_the_proxy_reproduces_the_captures_of_notifications() {
    for (scenario, found) in all(false).await {
        assert!(found.iter().all(|(_, found)| found.is_empty()), "{scenario}: {found:#?}");
    }
}

#[tokio::test]
async fn rust_differs_from_the_captures_of_notifications_only_where_it_is_meant_to() {
    let mut allowed = Allowed::load(&["notifier", "listener"]);
    let mut unlisted = Vec::new();
    for (scenario, found) in &all(true).await {
        for (peer, found) in found {
            let peer = peer.trim_end_matches(char::is_numeric);
            unlisted
                .extend(allowed.unlisted(peer, found).into_iter().map(|line| format!("{scenario}: {line}")));
        }
    }
    assert!(unlisted.is_empty(), "not in ALLOWED_DIFFERENCES.toml:\n{}", unlisted.join("\n"));
    assert!(allowed.unused().is_empty(), "listed, but there is no such difference: {:#?}", allowed.unused());
}
