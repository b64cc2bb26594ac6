//! Rows D with a Rust listener: it gets what real Python notifiers send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::notify::{Event, NotificationResult, Priority};
use oslo_messaging::{Target, listener};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::journal::Journal;
use tests::log::Log;
use tests::proxy::{Proxy, Record};
use tests::python::{PythonListener, PythonNotifier};
use tests::raw::{Raw, envelope, id, oslo_properties};
use tests::rust_peer::{Noted, RustListener, RustListenerBuilder, odd};
use tests::site::Site;
use tests::wait::eventually;

const LIMIT: Duration = Duration::from_secs(60);

/// For what is in the queue already: a busy machine brings a hundred in less, and the last batch takes as long.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);

/// A Python notifier to the site's topic.
async fn notifier(site: &Site) -> PythonNotifier {
    PythonNotifier::start(&site.url, &[&site.topic]).await
}

/// The same by the driver `messaging`.
async fn bare_notifier(site: &Site) -> PythonNotifier {
    let topics = [&site.topic];
    PythonNotifier::start_with(json!({"url": site.url, "topics": topics, "driver": "messaging"})).await
}

/// A Rust listener to the site's topic, behind a proxy.
async fn tapped(site: &Site) -> (Proxy, RustListenerBuilder) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let builder = RustListener::builder(&site.host.url_at(proxy.address()), &[&site.topic]);
    (proxy, builder)
}

fn events(notifications: &[Noted]) -> Vec<&str> {
    notifications.iter().map(|noted| noted.event_type.as_str()).collect()
}

/// Messages of a queue that nobody holds, exactly.
async fn ready(site: &Site, queue: &str) -> u32 {
    Raw::connect(&site.host).await.queue_state(queue).await.unwrap().messages
}

#[tokio::test]
async fn d01_server_priority_event_type_payload_and_publisher_arrive() {
    let site = Site::new("d01s").await;
    let listener = RustListener::builder(&site.url, &[&site.topic]).start().await;
    let notifier = notifier(&site).await;
    let payload = json!({"text": "h\u{e9}\u{4e2d}\u{1f600} \u{0}\u{1f}", "list": [1, 2.5, null, true], "deep": {"a": {"b": {}}}});
    notifier.notify("info", "test.event", payload.clone()).await;
    notifier
        .request(json!({"priority": "warn", "publisher_id": null, "event_type": null, "payload": null}))
        .await;
    let got = listener.wait_for(2).await;
    let noted = got.iter().find(|noted| noted.priority == Priority::Info).unwrap();
    assert_eq!((noted.event_type.as_str(), noted.publisher_id.as_str()), ("test.event", "svc.host1"));
    assert_eq!(noted.value(), payload);
    assert_eq!((noted.exchange.as_str(), noted.topic.as_str()), ("openstack", site.topic.as_str()));
    assert_eq!((noted.message_id.len(), noted.timestamp.as_bytes()[10], noted.redeliveries), (36, b' ', 0));
    let nothing = got.iter().find(|noted| noted.priority == Priority::Warn).unwrap();
    assert_eq!((&*nothing.event_type, &*nothing.publisher_id, &*nothing.payload), ("", "", "null"));
}

#[tokio::test]
async fn d02_server_one_listener_takes_several_topics() {
    let site = Site::new("d02s").await;
    let listener = RustListener::builder(&site.url, &["a", "b"]).start().await;
    let notifier = PythonNotifier::start(&site.url, &["a"]).await;
    notifier.notify("info", "test-a", json!("payload-a")).await;
    notifier
        .request(json!({"topics": ["b"], "priority": "info", "event_type": "test-b", "payload": "payload-b"}))
        .await;
    let mut got: Vec<_> =
        listener.wait_for(2).await.into_iter().map(|n| (n.topic, n.event_type, n.payload)).collect();
    got.sort();
    let expected = [("a", "test-a", "\"payload-a\""), ("b", "test-b", "\"payload-b\"")];
    assert_eq!(
        got,
        expected.map(|(topic, event, payload)| (topic.to_owned(), event.to_owned(), payload.to_owned()))
    );
}

#[tokio::test]
async fn d02_server_listeners_of_different_topics_are_independent() {
    let site = Site::new("d02i").await;
    let one = RustListener::builder(&site.url, &["1"]).start().await;
    let two = RustListener::builder(&site.url, &["2"]).start().await;
    let notifier = PythonNotifier::start(&site.url, &["1"]).await;
    for n in 0..8 {
        notifier.notify("info", &format!("test-1-{n}"), json!(n)).await;
        let other =
            json!({"topics": ["2"], "priority": "info", "event_type": format!("test-2-{n}"), "payload": n});
        notifier.request(other).await;
    }
    for (listener, topic) in [(one, "1"), (two, "2")] {
        let got = listener.wait_for(8).await;
        assert_eq!(events(&got), Vec::from_iter((0..8).map(|n| format!("test-{topic}-{n}"))));
        assert_eq!(listener.journal().len(), 8);
    }
}

#[tokio::test]
async fn d03_server_a_python_and_a_rust_listener_share_what_is_sent() {
    let site = Site::new("d03s").await;
    let python = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let rust = RustListener::builder(&site.url, &[&site.topic]).options(|l| l.concurrency(1)).start().await;
    notifier(&site).await.request(json!({"priority": "info", "event_type": "evt", "count": 8})).await;
    let (first, second) = shared(&python, &rust, 8).await;
    assert!(!first.is_empty() && !second.is_empty(), "{first:?} {second:?}");
    // The threads of a Python listener may overtake each other.
    assert!(second.is_sorted(), "{second:?}");
}

/// Which of the `count` numbered notifications came to which of two listeners, once they are all there.
async fn shared(python: &PythonListener, rust: &RustListener, count: u64) -> (Vec<u64>, Vec<u64>) {
    let number = |payload: &Value| payload["n"].as_u64().unwrap();
    let everything = || async {
        let first: Vec<u64> = python.notifications().await.iter().map(|n| number(&n["payload"])).collect();
        let second: Vec<u64> = rust.journal().all().iter().map(|noted| number(&noted.value())).collect();
        let all: BTreeSet<u64> = first.iter().chain(&second).copied().collect();
        let each_once = first.len() + second.len() == all.len();
        if each_once && all == (0..count).collect() { Ok((first, second)) } else { Err((first, second)) }
    };
    eventually(LIMIT, "every notification once", everything).await
}

#[tokio::test]
async fn d04_server_every_priority_arrives_as_what_it_is() {
    let site = Site::new("d04s").await;
    let listener = RustListener::builder(&site.url, &[&site.topic]).start().await;
    let notifier = notifier(&site).await;
    for driver in ["messagingv2", "messaging"] {
        for priority in Priority::ALL.map(Priority::as_str) {
            let data = format!("{priority}-data");
            notifier
                .request(
                    json!({"driver": driver, "priority": priority, "event_type": priority, "payload": data}),
                )
                .await;
        }
    }
    let got = listener.wait_for(14).await;
    for priority in Priority::ALL {
        let fits = |noted: &&Noted| {
            noted.priority == priority
                && noted.event_type == priority.as_str()
                && noted.value() == format!("{priority}-data")
        };
        assert_eq!(got.iter().filter(fits).count(), 2, "{priority}");
    }
}

#[tokio::test]
async fn d05_server_205_make_batches_of_100_100_and_5() {
    let site = Site::new("d05s").await;
    notifier(&site).await.request(json!({"priority": "info", "event_type": "evt", "count": 205})).await;
    let builder = RustListener::builder(&site.url, &[&site.topic]);
    let listener = builder.batch(100, BATCH_TIMEOUT).start().await;
    let batches = listener.wait_for_batches(3).await;
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 5]);
    let all: Vec<u64> = batches.iter().flatten().map(|noted| noted.value()["n"].as_u64().unwrap()).collect();
    assert_eq!(all, (0..205).collect::<Vec<_>>());
}

#[tokio::test]
async fn d06_server_a_batch_closes_when_its_time_is_over() {
    let site = Site::new("d06t").await;
    let builder = RustListener::builder(&site.url, &[&site.topic]);
    let listener = builder.batch(100, Duration::from_millis(200)).start().await;
    let notifier = notifier(&site).await;
    for event_type in ["first", "second"] {
        notifier.notify("info", event_type, json!({})).await;
        let done = || async { if listener.stats().handled > 0 { Ok(()) } else { Err(listener.stats()) } };
        eventually(LIMIT, "the batch is handled", done).await;
    }
    assert_eq!(listener.wait_for_batches(2).await.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[tokio::test]
async fn d06_server_prefetch_limits_a_batch() {
    let site = Site::new("d06p").await;
    notifier(&site).await.request(json!({"priority": "info", "event_type": "evt", "count": 4})).await;
    let (proxy, builder) = tapped(&site).await;
    // Python would wait no longer for a batch that prefetch never lets come.
    let listener = builder.batch(5, LIMIT * 10).options(|l| l.prefetch(2)).start().await;
    assert_eq!(listener.wait_for_batches(2).await.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    let qos = proxy.sent("basic.qos");
    assert!(
        qos.iter().all(|qos| qos.args["prefetch_count"] == 2 && qos.args["global"] == false)
            && !qos.is_empty()
    );
}

#[tokio::test]
async fn d06_server_prefetch_of_the_configuration_limits_a_batch() {
    let site = Site::new("d06o").await;
    notifier(&site).await.request(json!({"priority": "info", "event_type": "evt", "count": 4})).await;
    let url = format!("{}?rabbit_qos_prefetch_count=2", site.url);
    // It comes before what the listener asks for.
    let builder = RustListener::builder(&url, &[&site.topic]).options(|l| l.prefetch(100));
    let listener = builder.batch(5, LIMIT * 10).start().await;
    assert_eq!(listener.wait_for_batches(2).await.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
}

#[tokio::test]
async fn d06_server_a_batch_goes_by_priority_in_alphabetical_order_and_a_group_comes_again() {
    let site = Site::new("d06g").await;
    let notifier = notifier(&site).await;
    for (n, priority) in ["info", "error", "info", "error"].into_iter().enumerate() {
        notifier.notify(priority, "evt", json!(n)).await;
    }
    let (proxy, builder) = tapped(&site).await;
    let again = |noted: &Noted| {
        let again = noted.priority == Priority::Error && noted.redeliveries == 0;
        Ok(if again { NotificationResult::Requeue } else { NotificationResult::Handled })
    };
    // Each batch is full, so that none closes by its time.
    let listener =
        builder.batch(4, LIMIT * 10).answer(again).options(|l| l.allow_requeue(true)).start().await;
    let delivered = |record: &Record| record.received("basic.deliver");
    proxy.records().first(6, LIMIT, "the group again", delivered).await;
    for n in [4, 5] {
        notifier.notify("info", "evt", json!(n)).await;
    }
    let batches = listener.wait_for_batches(4).await;
    let seen: Vec<_> = batches
        .iter()
        .map(|batch| (batch[0].priority, batch.iter().map(|noted| &*noted.payload).collect::<Vec<_>>()))
        .collect();
    let expected = [
        (Priority::Error, vec!["1", "3"]),
        (Priority::Info, vec!["0", "2"]),
        (Priority::Error, vec!["1", "3"]),
        (Priority::Info, vec!["4", "5"]),
    ];
    assert_eq!(seen, expected);
    let mut verdicts = proxy.wait_for_verdicts(8).await;
    verdicts.sort_unstable();
    assert_eq!(verdicts, ["ack", "ack", "ack", "ack", "ack", "ack", "requeue", "requeue"]);
}

#[tokio::test]
async fn d07_server_compressed_notifications_are_read() {
    for (compression, header) in [("gzip", "application/x-gzip"), ("bzip2", "application/x-bz2")] {
        let site = Site::new("d07s").await;
        let (proxy, builder) = tapped(&site).await;
        let listener = builder.start().await;
        let conf = json!({"oslo_messaging_rabbit.kombu_compression": compression});
        let notifier =
            PythonNotifier::start_with(json!({"url": site.url, "topics": [site.topic], "conf": conf})).await;
        for driver in ["messagingv2", "messaging"] {
            let text = "x".repeat(1000);
            notifier
                .request(json!({"driver": driver, "priority": "info", "event_type": driver, "payload": text}))
                .await;
        }
        let got = listener.wait_for(2).await;
        assert!(got.iter().all(|noted| noted.value() == "x".repeat(1000)), "{compression}");
        for delivery in proxy.received("basic.deliver") {
            assert_eq!(delivery.properties["headers"]["compression"], header);
        }
    }
}

#[tokio::test]
async fn d09_server_format_1_is_read() {
    let site = Site::new("d09s").await;
    let (proxy, builder) = tapped(&site).await;
    let listener = builder.start().await;
    let payload = json!({"__type__": "datetime", "more": "\u{e9}", "nested": {"a": [1, null]}});
    let notifier = bare_notifier(&site).await;
    notifier.notify("warn", "evt", payload.clone()).await;
    let noted = listener.wait_for(1).await.remove(0);
    assert_eq!((noted.priority, noted.value()), (Priority::Warn, payload));
    assert_eq!((noted.event_type.as_str(), noted.publisher_id.as_str()), ("evt", "svc.host1"));
    let delivered = proxy.received("basic.deliver").remove(0);
    assert!(!delivered.shown().contains("oslo."), "{}", delivered.shown());
}

#[tokio::test]
async fn d10_server_what_was_sent_before_the_listener_starts_arrives() {
    let site = Site::new("d10s").await;
    let notifier = PythonNotifier::start(&site.url, &["t1", "t2"]).await;
    for (priority, event_type) in [("info", "first"), ("info", "second"), ("error", "third")] {
        notifier.notify(priority, event_type, json!({})).await;
    }
    notifier.stop().await;
    let listener = RustListener::builder(&site.url, &["t1"]).start().await;
    let got = listener.wait_for(3).await;
    let mut seen = events(&got);
    seen.sort_unstable();
    assert_eq!(seen, ["first", "second", "third"]);
    assert_eq!(listener.journal().len(), 3);
    assert_eq!(ready(&site, "t2.info").await, 2);
}

#[tokio::test]
async fn d11_server_a_pool_is_shared_with_python_and_another_gets_a_copy() {
    let site = Site::new("d11s").await;
    let python = PythonListener::builder(&site.url, &[&site.topic]).with("pool", "ours").start().await;
    let pool = |name: &'static str| {
        RustListener::builder(&site.url, &[&site.topic]).options(move |l| l.pool(name).concurrency(1)).start()
    };
    let (rust, other) = tokio::join!(pool("ours"), pool("other"));
    notifier(&site).await.request(json!({"priority": "info", "event_type": "evt", "count": 8})).await;
    let (first, second) = shared(&python, &rust, 8).await;
    assert!(!first.is_empty() && !second.is_empty(), "{first:?} {second:?}");
    let copy: Vec<_> =
        other.wait_for(8).await.iter().map(|noted| noted.value()["n"].as_u64().unwrap()).collect();
    assert_eq!(copy, (0..8).collect::<Vec<_>>());
    let consumers = Raw::connect(&site.host).await.queue_state("ours").await.unwrap().consumers;
    assert_eq!(consumers, 2, "one share each, however many priorities");
    // As with Python listeners, the topic's own queue keeps what no listener without a pool takes.
    assert_eq!(ready(&site, &format!("{}.info", site.topic)).await, 8);
}

#[tokio::test]
async fn d11_server_listeners_of_different_topics_share_a_pool_of_one_name() {
    let site = Site::new("d11t").await;
    let python = PythonListener::builder(&site.url, &["a"]).with("pool", "p").start().await;
    let rust = RustListener::builder(&site.url, &["b"]).options(|l| l.pool("p")).start().await;
    let notifier = PythonNotifier::start(&site.url, &["a"]).await;
    notifier.request(json!({"priority": "info", "event_type": "evt", "count": 8})).await;
    let (first, second) = shared(&python, &rust, 8).await;
    assert!(!first.is_empty() && !second.is_empty(), "{first:?} {second:?}");
}

#[tokio::test]
async fn d12_server_what_is_asked_for_again_or_fails_is_rejected_and_comes_next() {
    for failing in [false, true] {
        let site = Site::new("d12a").await;
        let notifier = notifier(&site).await;
        for event_type in ["first", "second"] {
            notifier.notify("info", event_type, json!({})).await;
        }
        let (proxy, builder) = tapped(&site).await;
        let answer = move |noted: &Noted| match (noted.event_type.as_str(), noted.redeliveries, failing) {
            ("first", 0, false) => Ok(NotificationResult::Requeue),
            ("first", 0, true) => Err("as the test asked".to_owned()),
            _ => Ok(NotificationResult::Handled),
        };
        let listener = builder.answer(answer).options(|l| l.allow_requeue(true).concurrency(1)).start().await;
        assert_eq!(events(&listener.wait_for(3).await), ["first", "first", "second"]);
        assert_eq!(proxy.wait_for_verdicts(3).await, ["requeue", "ack", "ack"]);
        let rejected = proxy.sent("basic.reject");
        assert_eq!(rejected.len(), 1, "as in Python, with basic.reject");
        let redelivered: Vec<_> =
            proxy.received("basic.deliver").iter().map(|record| record.args["redelivered"] == true).collect();
        assert_eq!(redelivered, [false, true, false]);
    }
}

#[tokio::test]
async fn d12_server_where_that_is_not_allowed_it_is_acked() {
    let site = Site::new("d12n").await;
    let (proxy, builder) = tapped(&site).await;
    let answer = |noted: &Noted| match noted.event_type.as_str() {
        "again" => Ok(NotificationResult::Requeue),
        "fails" => Err("as the test asked".to_owned()),
        _ => Ok(NotificationResult::Handled),
    };
    let listener = builder.answer(answer).start().await;
    let notifier = notifier(&site).await;
    for event_type in ["again", "fails", "last"] {
        notifier.notify("info", event_type, json!({})).await;
    }
    assert_eq!(proxy.wait_for_verdicts(3).await, ["ack"; 3]);
    assert_eq!(events(&listener.journal().all()), ["again", "fails", "last"]);
    listener.stop().await;
    assert_eq!(ready(&site, &format!("{}.info", site.topic)).await, 0);
}

#[listener]
trait Filtered {
    #[on(info)]
    #[filter(event_type = r"compute\.")]
    async fn event_type(&self, event: Event);

    #[on(info)]
    #[filter(publisher_id = r"nova\.host\d$")]
    async fn publisher_id(&self, event: Event);

    #[on(info)]
    #[filter(context(user = "ada"))]
    async fn context(&self, event: Event);

    #[on(info)]
    #[filter(metadata(timestamp = r"\d{4}-\d\d-\d\d ", message_id = "[0-9a-f-]{36}$"), event_type = "meta")]
    async fn metadata(&self, event: Event);

    #[on(info)]
    #[filter(payload(state = "active$"))]
    async fn payload(&self, event: Event);
}

/// Writes down which method took what.
struct Filters(Journal<(&'static str, String)>);

impl Filtered for Filters {
    async fn event_type(&self, event: Event) {
        self.0.push(("event_type", event.event_type));
    }
    async fn publisher_id(&self, event: Event) {
        self.0.push(("publisher_id", event.event_type));
    }
    async fn context(&self, event: Event) {
        self.0.push(("context", event.event_type));
    }
    async fn metadata(&self, event: Event) {
        self.0.push(("metadata", event.event_type));
    }
    async fn payload(&self, event: Event) {
        self.0.push(("payload", event.event_type));
    }
}

#[tokio::test]
async fn d13_server_filters_look_at_each_field_and_the_rest_is_acked() {
    let site = Site::new("d13s").await;
    let (proxy, builder) = tapped(&site).await;
    let taken = Journal::new();
    let endpoint = FilteredEndpoint::new(Filters(taken.clone()));
    let listener = builder.priorities(&[]).options(|l| l.endpoint(endpoint).concurrency(1)).start().await;
    let notifier = notifier(&site).await;
    let sent = [
        json!({"event_type": "compute.x"}),
        json!({"event_type": "my.compute.x"}),
        json!({"event_type": "publisher", "publisher_id": "nova.host7"}),
        json!({"event_type": "no publisher", "publisher_id": "nova.host77"}),
        json!({"event_type": "null publisher", "publisher_id": null}),
        json!({"event_type": "context", "request_context": {"user_id": "ada", "auth_token": "x"}}),
        json!({"event_type": "dropped context", "context": {"user_id": "ada"}}),
        json!({"event_type": "metadata"}),
        json!({"event_type": "payload", "payload": {"state": "active"}}),
        json!({"event_type": "number", "payload": {"state": 3}}),
        json!({"event_type": "longer", "payload": {"state": "active again"}}),
        json!({"event_type": "no object", "payload": ["active"]}),
        json!({"event_type": "compute.all", "publisher_id": "nova.host1", "payload": {"state": "active"}}),
    ];
    for mut request in sent.clone() {
        request["priority"] = json!("info");
        notifier.request(request).await;
    }
    assert_eq!(proxy.wait_for_verdicts(sent.len()).await, vec!["ack"; sent.len()]);
    let taken: Vec<_> = taken.all().into_iter().map(|(method, event)| format!("{method}: {event}")).collect();
    let expected = [
        "event_type: compute.x",
        "publisher_id: publisher",
        "context: context",
        "metadata: metadata",
        "payload: payload",
        "event_type: compute.all",
        "publisher_id: compute.all",
        "payload: compute.all",
    ];
    assert_eq!(taken, expected);
    assert_eq!((listener.stats().handled, listener.stats().filtered), (6, 7));
}

/// A notification by hand.
fn by_hand(label: &str) -> Value {
    json!({"message_id": "9d15cf4e-2c2c-4f5b-a6a8-3a2f5c4e7c11", "publisher_id": "raw", "event_type": label, "priority": "INFO",
        "payload": {}, "timestamp": "2026-01-01 00:00:00.000000", "_unique_id": id()})
}

/// The same with one key changed, or without it.
fn changed(label: &str, key: &str, value: Option<Value>) -> Value {
    let mut message = by_hand(label);
    match value {
        Some(value) => message[key] = value,
        None => _ = message.as_object_mut().unwrap().remove(key),
    }
    message
}

#[tokio::test]
async fn d14_server_takes_acks_and_rejects_what_python_does() {
    // Handlers run on this test's own thread, so that only its lines are kept.
    let log = Log::default();
    let keeping = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _keeping = tracing::subscriber::set_default(keeping);
    let site = Site::new("d14s").await;
    let (proxy, builder) = tapped(&site).await;
    let listener =
        builder.priorities(&[Priority::Info, Priority::Warn]).options(|l| l.concurrency(1)).start().await;
    let raw = Raw::connect(&site.host).await;
    let enveloped = |message: Value| envelope(&message);
    // The capture notify_raw_odd, and more of its kind: what is published, what becomes of it, whether it is handled.
    let cases = [
        (enveloped(by_hand("normal")), "ack", true),
        (enveloped(changed("lower case", "priority", Some(json!("info")))), "ack", true),
        (enveloped(changed("wrong queue", "priority", Some(json!("WARN")))), "ack", true),
        (enveloped(changed("no endpoint", "priority", Some(json!("ERROR")))), "ack", false),
        (enveloped(changed("unknown priority", "priority", Some(json!("FATAL")))), "ack", false),
        (enveloped(changed("no priority", "priority", None)), "ack", false),
        (enveloped(json!({"priority": "INFO", "payload": "nothing else"})), "ack", true),
        (by_hand("bare").to_string(), "ack", true),
        ("garbage".to_owned(), "reject", false),
        (
            json!({"oslo.version": "3.0", "oslo.message": by_hand("version 3").to_string()}).to_string(),
            "reject",
            false,
        ),
        (enveloped(by_hand("last")), "ack", true),
    ];
    for (body, _, _) in &cases {
        raw.publish("openstack", &format!("{}.info", site.topic), oslo_properties(), body.as_bytes()).await;
    }
    let verdicts = proxy.wait_for_verdicts(cases.len()).await;
    let handled: Vec<bool> = {
        let seen = listener.journal().all();
        let labelled =
            |body: &str| seen.iter().any(|n| !n.event_type.is_empty() && body.contains(&*n.event_type));
        let unlabelled = seen.iter().any(|noted| noted.event_type.is_empty());
        cases
            .iter()
            .map(|(body, _, _)| labelled(body) || body.contains("nothing else") && unlabelled)
            .collect()
    };
    let seen: Vec<_> =
        cases.iter().zip(&verdicts).zip(&handled).map(|((case, v), h)| (&case.0, *v, *h)).collect();
    let expected: Vec<_> = cases.iter().map(|(body, verdict, handled)| (body, *verdict, *handled)).collect();
    assert_eq!(seen, expected);
    let stats = listener.stats();
    assert_eq!((stats.handled, stats.dropped, stats.malformed), (6, 3, 2));
    let log = log.text();
    for (words, times) in [("notification dropped: ", 2), ("message refused: ", 2)] {
        let lines = log.lines().filter(|line| line.contains("WARN") && line.contains(words));
        assert_eq!(lines.filter(|line| line.contains(&site.topic)).count(), times, "{words}\n{log}");
    }
    listener.stop().await;
    assert_eq!(ready(&site, &format!("{}.info", site.topic)).await, 0);
}

#[tokio::test]
async fn d15_server_a_duplicate_is_acked_and_nothing_stays() {
    let site = Site::new("d15s").await;
    let (proxy, builder) = tapped(&site).await;
    let listener = builder.start().await;
    let raw = Raw::connect(&site.host).await;
    let (message, queue) = (by_hand("twice"), format!("{}.info", site.topic));
    raw.send("openstack", &queue, &message).await;
    assert_eq!(proxy.wait_for_verdicts(1).await, ["ack"]);
    raw.send("openstack", &queue, &message).await;
    assert_eq!(proxy.wait_for_verdicts(2).await, ["ack", "ack"]);
    assert_eq!(listener.journal().len(), 1);
    assert_eq!(listener.stats().duplicates, 1);
    listener.stop().await;
    assert_eq!(ready(&site, &queue).await, 0);
}

/// `LoggingNotificationHandlerTestCase.test_logging`
#[tokio::test]
async fn d16_server_takes_what_pythons_log_handler_sends() {
    let site = Site::new("d16s").await;
    let listener =
        RustListener::builder(&site.url, &[&site.topic]).options(|l| l.concurrency(1)).start().await;
    let notifier = notifier(&site).await;
    let levels = [
        ("DEBUG", Priority::Debug),
        ("INFO", Priority::Info),
        ("WARNING", Priority::Warn),
        ("ERROR", Priority::Error),
        ("CRITICAL", Priority::Critical),
    ];
    let mut sent = 0;
    for driver in ["messaging", "messagingv2"] {
        for (level, priority) in levels {
            let request = json!({"log": level, "message": "%s is full", "arguments": ["disk"], "topic": site.topic, "driver": driver});
            notifier.request(request).await;
            sent += 1;
            let noted = listener.wait_for(sent).await.pop().unwrap();
            assert_eq!((noted.priority, &*noted.event_type), (priority, "logrecord"), "{driver}");
            assert_eq!(noted.publisher_id, "loghandler");
            let payload = noted.value();
            let keys: BTreeSet<&str> = payload.as_object().unwrap().keys().map(String::as_str).collect();
            let expected = "name levelno levelname exc_info pathname lineno msg funcName thread processName process extra";
            assert_eq!(keys, expected.split(' ').collect());
            assert_eq!((&payload["msg"], &payload["levelname"]), (&json!("disk is full"), &json!(level)));
        }
    }
}

#[tokio::test]
async fn d17_server_two_exchanges_and_two_endpoints() {
    let site = Site::new("d17s").await;
    let second = Journal::new();
    let endpoint = FilteredEndpoint::new(Filters(second.clone()));
    let listener = RustListener::builder(&site.url, &[])
        .target(Target::topic("t1").with_exchange("nova"))
        .target(Target::topic("t2").with_exchange("glance"))
        .options(|l| l.endpoint(endpoint))
        .start()
        .await;
    for (exchange, topics) in [("nova", vec!["t1", "t2"]), ("glance", vec!["t2"])] {
        let conf = json!({"control_exchange": exchange});
        let specification = json!({"url": site.url, "topics": topics, "conf": conf});
        let notifier = PythonNotifier::start_with(specification).await;
        for topic in topics {
            let event_type = format!("compute.{exchange}.{topic}");
            notifier.request(json!({"topics": [topic], "priority": "info", "event_type": event_type})).await;
        }
    }
    // The queue of `t2` has only the binding to `glance` from the listener; the notifier of `nova` has bound it there too.
    let mut got: Vec<_> = listener.wait_for(3).await.into_iter().map(|n| (n.event_type, n.topic)).collect();
    got.sort();
    let expected = [("compute.glance.t2", "t2"), ("compute.nova.t1", "t1"), ("compute.nova.t2", "t2")];
    assert_eq!(got, expected.map(|(event, topic)| (event.to_owned(), topic.to_owned())));
    let mut second: Vec<_> = second
        .first(3, LIMIT, "the second endpoint", |_| true)
        .await
        .into_iter()
        .map(|(_, event)| event)
        .collect();
    second.sort();
    assert_eq!(second, expected.map(|(event, _)| event.to_owned()));
}

#[tokio::test]
async fn d18_server_a_request_context_arrives_redacted_and_a_dict_leaves_nothing() {
    let site = Site::new("d18s").await;
    let (proxy, builder) = tapped(&site).await;
    let listener = builder.options(|l| l.concurrency(1)).start().await;
    let notifier = notifier(&site).await;
    let whole = json!({"auth_token": "TOPSECRET", "user_id": "u", "project_id": "p", "request_id": "req-1", "roles": ["admin"]});
    notifier.request(json!({"priority": "info", "event_type": "object", "request_context": whole})).await;
    notifier.request(json!({"priority": "info", "event_type": "dict", "context": {"user_id": "u"}})).await;
    let got = listener.wait_for(2).await;
    let context = &got[0].context;
    assert_eq!((&context["user"], &context["project_id"]), (&json!("u"), &json!("p")));
    assert_eq!((&context["request_id"], &context["auth_token"]), (&json!("req-1"), &Value::Null));
    assert_eq!(context["roles"], json!(["admin"]));
    assert_eq!(got[1].context, json!({}));
    assert!(proxy.received("basic.deliver").iter().all(|record| !record.shown().contains("TOPSECRET")));
}

#[tokio::test]
async fn d19_server_reads_the_types_of_format_1_as_texts() {
    let site = Site::new("d19s").await;
    let listener =
        RustListener::builder(&site.url, &[&site.topic]).options(|l| l.concurrency(1)).start().await;
    let notifier = bare_notifier(&site).await;
    let names = ["datetime", "datetime_tz", "date", "time", "decimal", "uuid", "bytes", "bytes_beyond_utf8"];
    for name in names {
        notifier.request(json!({"priority": "info", "event_type": name, "odd": name})).await;
    }
    let got = listener.wait_for(names.len()).await;
    let seen: Vec<_> =
        got.iter().map(|noted| (noted.event_type.clone(), noted.value()["x"].clone())).collect();
    let expected = [
        ("datetime", "2026-01-02T03:04:05"),
        ("datetime_tz", "2026-01-02T03:04:05+00:00"),
        ("date", "2026-01-02"),
        ("time", "03:04:05"),
        ("decimal", "1.50"),
        ("uuid", "12345678-1234-5678-1234-567812345678"),
        ("bytes", "abc"),
        ("bytes_beyond_utf8", "/w=="),
    ];
    assert_eq!(seen, expected.map(|(name, text)| (name.to_owned(), json!(text))));
}

#[tokio::test]
async fn d19_server_odd_json_arrives_as_python_writes_it() {
    let site = Site::new("d19o").await;
    let listener =
        RustListener::builder(&site.url, &[&site.topic]).options(|l| l.concurrency(1)).start().await;
    let notifier = notifier(&site).await;
    let names = [
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
    ];
    for driver in ["messagingv2", "messaging"] {
        for name in names {
            notifier
                .request(json!({"driver": driver, "priority": "info", "event_type": name, "odd": name}))
                .await;
        }
    }
    for noted in listener.wait_for(2 * names.len()).await {
        assert_eq!(noted.payload, format!("{{\"x\": {}}}", odd(&noted.event_type)), "{}", noted.event_type);
    }
}

#[tokio::test]
async fn x08_server_a_notification_of_1_mib_arrives() {
    let site = Site::new("x08s").await;
    let listener = RustListener::builder(&site.url, &[&site.topic]).start().await;
    let notifier = notifier(&site).await;
    let text = "\"\\\u{e9}".repeat(1 << 18);
    notifier.notify("info", "large", json!(text)).await;
    assert_eq!(listener.wait_for(1).await[0].value(), text);
}
