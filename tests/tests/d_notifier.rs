//! Rows D with a Rust notifier: real Python listeners get what it sends.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::notify::{MessagingDriver, Notifier, Priority};
use oslo_messaging::{Context, Transport};
use serde_json::{Value, json};
use std::time::Duration;
use tests::proxy::Proxy;
use tests::python::PythonListener;
use tests::raw::Raw;
use tests::rust_peer::connect;
use tests::site::Site;
use tests::wait::within;

const LIMIT: Duration = Duration::from_secs(60);

fn notifier(transport: &Transport, topics: &[&str]) -> Notifier {
    let builder = Notifier::builder(transport).publisher_id("svc.host1");
    builder.topics(topics.iter().copied()).build().unwrap()
}

/// Texts of what a Python listener was given, sorted: its threads may overtake each other.
fn texts(notifications: &[Value], key: &str) -> Vec<String> {
    let mut texts: Vec<_> =
        notifications.iter().map(|n| n[key].as_str().unwrap_or_default().to_owned()).collect();
    texts.sort();
    texts
}

#[tokio::test]
async fn d01_client_a_python_listener_gets_priority_event_type_payload_and_publisher() {
    let site = Site::new("d01c").await;
    let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let notifier = notifier(&site.transport(), &[&site.topic]);
    let payload = json!({"text": "h\u{e9}\u{4e2d}\u{1f600} \u{0}\u{1f}", "list": [1, 2.5, null, true], "deep": {"a": {"b": {}}}});
    notifier.info(&Context::new(), "test.event", &payload).await.unwrap();
    let got = listener.wait_for(1).await.remove(0);
    assert_eq!(got["priority"], "info");
    assert_eq!((&got["event_type"], &got["publisher_id"]), (&json!("test.event"), &json!("svc.host1")));
    assert_eq!(got["payload"], payload);
    assert_eq!(got["metadata"]["message_id"].as_str().unwrap().len(), 36);
    assert_eq!(got["metadata"]["timestamp"].as_str().unwrap().as_bytes()[10], b' ');
}

#[tokio::test]
async fn d02_client_topics_get_a_copy_each_and_listeners_get_their_topics() {
    let site = Site::new("d02c").await;
    let both = PythonListener::builder(&site.url, &["a", "b"]).with("pool", "both").start().await;
    let only_b = PythonListener::builder(&site.url, &["b"]).with("pool", "only").start().await;
    let transport = site.transport();
    notifier(&transport, &["a"]).info(&Context::new(), "to.a", &1).await.unwrap();
    notifier(&transport, &["a", "b"]).info(&Context::new(), "to.both", &2).await.unwrap();
    let got = both.wait_for(3).await;
    assert_eq!(texts(&got, "event_type"), ["to.a", "to.both", "to.both"]);
    let got = only_b.wait_for(1).await;
    assert_eq!(texts(&got, "event_type"), ["to.both"]);
}

#[tokio::test]
async fn d02_client_listeners_of_different_topics_are_independent() {
    let site = Site::new("d02i").await;
    let one = PythonListener::builder(&site.url, &["1"]).start().await;
    let two = PythonListener::builder(&site.url, &["2"]).start().await;
    let transport = site.transport();
    for n in 0..8 {
        for topic in ["1", "2"] {
            let event_type = format!("test-{topic}-{n}");
            let payload = format!("payload-{topic}-{n}");
            notifier(&transport, &[topic]).info(&Context::new(), &event_type, &payload).await.unwrap();
        }
    }
    for (listener, topic) in [(one, "1"), (two, "2")] {
        let got = listener.wait_for(8).await;
        let numbered = |what: &str| Vec::from_iter((0..8).map(|n| format!("{what}-{topic}-{n}")));
        assert_eq!(texts(&got, "event_type"), numbered("test"));
        assert_eq!(texts(&got, "payload"), numbered("payload"));
        assert_eq!(texts(&got, "publisher_id"), ["svc.host1"; 8]);
        assert_eq!(listener.notifications().await.len(), 8);
    }
}

#[tokio::test]
async fn d03_client_two_python_listeners_share_what_is_sent() {
    let site = Site::new("d03c").await;
    let listeners = PythonListener::builder(&site.url, &[&site.topic]).with("listeners", 2).start().await;
    let notifier = notifier(&site.transport(), &[&site.topic]);
    for n in 0..8 {
        notifier.info(&Context::new(), "evt", &n).await.unwrap();
    }
    let got = listeners.wait_for(8).await;
    let of = |listener: u64| {
        got.iter().filter(move |n| n["listener"] == listener).map(|n| n["payload"].as_u64().unwrap())
    };
    let (first, second): (Vec<u64>, Vec<u64>) = (of(0).collect(), of(1).collect());
    assert!(!first.is_empty() && !second.is_empty(), "{first:?} {second:?}");
    let mut all = [first, second].concat();
    all.sort_unstable();
    assert_eq!(all, (0..8).collect::<Vec<_>>());
}

#[tokio::test]
async fn d04_client_every_priority_arrives_as_what_it_is() {
    let site = Site::new("d04c").await;
    let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let transport = site.transport();
    for driver in [MessagingDriver::v2(&transport), MessagingDriver::v1(&transport)] {
        let notifier = Notifier::builder(&transport).topic(&site.topic).driver(driver).build().unwrap();
        for priority in Priority::ALL {
            let data = format!("{priority}-data");
            notifier.send(priority, &Context::new(), priority.as_str(), &data).await.unwrap();
        }
    }
    let got = listener.wait_for(14).await;
    for priority in Priority::ALL {
        let fits = |n: &&Value| {
            n["priority"] == priority.as_str()
                && n["event_type"] == priority.as_str()
                && n["payload"] == format!("{priority}-data")
        };
        assert_eq!(got.iter().filter(fits).count(), 2, "{priority}");
    }
}

#[tokio::test]
async fn d05_client_205_make_batches_of_100_100_and_5() {
    let site = Site::new("d05c").await;
    let notifier = notifier(&site.transport(), &[&site.topic]);
    let ctx = Context::new();
    let sends: Vec<_> = (0..205).map(|n| notifier.info(&ctx, &format!("test{n}"), &n)).collect();
    for send in sends {
        send.await.unwrap();
    }
    // Only now, so that no batch ends by its timeout before all are sent. A busy machine brings a hundred in less than that.
    let batch = json!({"size": 100, "timeout": 10});
    let listener = PythonListener::builder(&site.url, &[&site.topic]).with("batch", batch).start().await;
    let batches = listener.wait_for_batches(3).await;
    let sizes: Vec<usize> = batches.iter().map(|batch| batch["messages"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 100, 5]);
    let numbers = |batch: &Value| -> Vec<u64> {
        batch["messages"].as_array().unwrap().iter().map(|m| m["payload"].as_u64().unwrap()).collect()
    };
    // Each in order; the threads that two batches were given to may overtake each other.
    let mut batches: Vec<Vec<u64>> = batches.iter().map(numbers).collect();
    batches.sort();
    assert_eq!(batches.concat(), (0..205).collect::<Vec<_>>());
}

#[tokio::test]
async fn d07_client_compressed_notifications_are_read() {
    for (compression, header, magic) in
        [("gzip", "application/x-gzip", b"\x78\x9c"), ("bzip2", "application/x-bz2", b"BZ")]
    {
        let site = Site::new("d07c").await;
        let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
        let proxy = Proxy::start(site.host.broker().address()).await;
        let url = format!("{}?kombu_compression={compression}", site.host.url_at(proxy.address()));
        let transport = connect(&url);
        for driver in [MessagingDriver::v2(&transport), MessagingDriver::v1(&transport)] {
            let notifier = Notifier::builder(&transport).topic(&site.topic).driver(driver).build().unwrap();
            notifier.info(&Context::new(), "evt", &"x".repeat(1000)).await.unwrap();
        }
        let got = listener.wait_for(2).await;
        assert_eq!(texts(&got, "payload"), ["x".repeat(1000), "x".repeat(1000)], "{compression}");
        let sent = proxy.sent("basic.publish");
        assert_eq!(sent.len(), 2);
        for message in sent {
            assert_eq!(message.properties["headers"], json!({ "compression": header }));
            assert!(message.body.as_deref().unwrap().starts_with(magic), "{compression}");
        }
    }
}

#[tokio::test]
async fn d08_client_body_keys_ids_and_timestamps_are_pythons() {
    let site = Site::new("d08c").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    notifier(&transport, &["a", "b"]).info(&Context::new(), "evt", &json!({"k": "v"})).await.unwrap();
    let sent: Vec<_> = proxy.sent("basic.publish").iter().map(|record| record.message()).collect();
    let keys = ["message_id", "publisher_id", "event_type", "priority", "payload", "timestamp", "_unique_id"];
    for message in &sent {
        assert_eq!(
            (&*message.envelope, &*message.keys),
            (&["oslo.version", "oslo.message"].map(str::to_owned)[..], &keys.map(str::to_owned)[..])
        );
        let shape: String = message.inner["timestamp"]
            .as_str()
            .unwrap()
            .chars()
            .map(|c| if c.is_ascii_digit() { '9' } else { c })
            .collect();
        // Python's `str` leaves the fraction out in one of a million seconds.
        assert!(["9999-99-99 99:99:99.999999", "9999-99-99 99:99:99"].contains(&&*shape), "{shape}");
        let id = message.inner["message_id"].as_str().unwrap();
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(message.inner["_unique_id"].as_str().unwrap().len(), 32);
    }
    let [first, second] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(first.inner["message_id"], second.inner["message_id"]);
    assert_ne!(first.inner["_unique_id"], second.inner["_unique_id"]);
}

#[tokio::test]
async fn d09_client_format_1_is_read_and_has_no_envelope() {
    let site = Site::new("d09c").await;
    let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    let driver = MessagingDriver::v1(&transport);
    let notifier = Notifier::builder(&transport).topic(&site.topic).driver(driver).build().unwrap();
    let payload = json!({"__type__": "datetime", "__value__": "2026-01-02T03:04:05", "more": "\u{e9}"});
    notifier.warn(&Context::new(), "evt", &payload).await.unwrap();
    let got = listener.wait_for(1).await.remove(0);
    assert_eq!((&got["priority"], &got["payload"]), (&json!("warn"), &payload));
    assert_eq!(got["publisher_id"], Value::Null);
    let sent = proxy.sent("basic.publish").remove(0);
    assert!(!sent.shown().contains("oslo."), "{}", sent.shown());
}

#[tokio::test]
async fn d10_client_notifications_wait_for_a_listener_that_starts_later() {
    let site = Site::new("d10c").await;
    let notifier = notifier(&site.transport(), &["t1", "t2"]);
    notifier.info(&Context::new(), "first", &1).await.unwrap();
    notifier.info(&Context::new(), "second", &2).await.unwrap();
    notifier.error(&Context::new(), "third", &3).await.unwrap();
    assert_eq!(site.host.queue_names().await, ["t1.error", "t1.info", "t2.error", "t2.info"]);
    let listener = PythonListener::builder(&site.url, &["t1"]).start().await;
    assert_eq!(texts(&listener.wait_for(3).await, "event_type"), ["first", "second", "third"]);
}

#[tokio::test]
async fn d10_client_a_deleted_queue_is_made_again() {
    let site = Site::new("d10d").await;
    let notifier = notifier(&site.transport(), &[&site.topic]);
    notifier.info(&Context::new(), "before", &1).await.unwrap();
    let queue = format!("{}.info", site.topic);
    site.host.delete_queue(&queue).await;
    within(LIMIT, "a send", notifier.info(&Context::new(), "after", &2)).await.unwrap();
    let raw = Raw::connect(&site.host).await;
    assert_eq!(raw.queue_state(&queue).await.unwrap().messages, 1);
}

#[tokio::test]
async fn d18_client_only_safe_context_entries_reach_the_wire() {
    let site = Site::new("d18c").await;
    let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    let notifier = notifier(&transport, &[&site.topic]);
    let ctx = Context::new()
        .with("auth_token", "TOPSECRET")
        .and_then(|ctx| ctx.with("service_catalog", &json!([{"token": "TOPSECRET"}])))
        .and_then(|ctx| ctx.with("user_id", "u"))
        .and_then(|ctx| ctx.with("project_id", "p"))
        .unwrap();
    notifier.info(&ctx, "evt", &json!({})).await.unwrap();
    let got = listener.wait_for(1).await.remove(0);
    assert_eq!(got["context"], json!({"user_id": "u", "project_id": "p", "client_timeout": null}));
    let sent = proxy.sent("basic.publish").remove(0);
    assert!(!sent.shown().contains("TOPSECRET"));
}

#[tokio::test]
async fn x08_client_a_notification_of_1_mib_arrives() {
    let site = Site::new("x08c").await;
    let listener = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let notifier = notifier(&site.transport(), &[&site.topic]);
    let text = "\"\\\u{e9}".repeat(1 << 18);
    notifier.info(&Context::new(), "large", &text).await.unwrap();
    assert_eq!(listener.wait_for(1).await[0]["payload"], text);
}
