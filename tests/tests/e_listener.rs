//! What failures, stops, networks and administrators do to a Rust listener and to what it has been given.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::notify::{Event, ListenerBuilder, Priority, handler_fn};
use oslo_messaging::{Target, listener};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::journal::Journal;
use tests::proxy::{Proxy, Record};
use tests::python::{PythonListener, PythonNotifier};
use tests::raw::{Raw, Taken, oslo_properties};
use tests::rust_peer::{Gates, Noted, RustListener, RustListenerBuilder};
use tests::site::Site;
use tests::wait::eventually;

const LIMIT: Duration = Duration::from_secs(60);

/// A Python notifier to the site's topic.
async fn notifier(site: &Site) -> PythonNotifier {
    PythonNotifier::start(&site.url, &[&site.topic]).await
}

/// A Rust listener to the site's topic, behind a proxy.
async fn tapped(site: &Site) -> (Proxy, RustListenerBuilder) {
    let proxy = Proxy::start(site.host.broker().address()).await;
    let builder = RustListener::builder(&site.host.url_at(proxy.address()), &[&site.topic]);
    (proxy, builder)
}

/// Messages of a queue that nobody holds, exactly.
async fn ready(site: &Site, queue: &str) -> u32 {
    Raw::connect(&site.host).await.queue_state(queue).await.unwrap().messages
}

/// The next message of the dead letters of a queue, as soon as there is one.
async fn dead_letter(site: &Site, queue: &str) -> Taken {
    let queue = format!("{queue}.dead");
    let there =
        || async { if site.host.queue_names().await.contains(&queue) { Ok(()) } else { Err("no queue") } };
    eventually(LIMIT, &queue, there).await;
    let raw = Raw::connect(&site.host).await;
    let (raw, queue) = (&raw, &queue);
    eventually(LIMIT, queue, || async move { raw.take_whole(queue).await.ok_or("nothing in it") }).await
}

/// The inner message of a body.
fn inner(body: &[u8]) -> Value {
    let outer: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_str(outer["oslo.message"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_redelivery_limit_moves_to_dead_letters_that_are_durable_and_say_why() {
    let site = Site::new("limit").await;
    let queue = format!("{}.info", site.topic);
    let always = |noted: &Noted| Err(format!("failure {}", noted.redeliveries));
    let builder = RustListener::builder(&site.url, &[&site.topic]).answer(always);
    let listener = builder.options(|l| l.allow_requeue(true).redelivery_limit(3)).start().await;
    notifier(&site).await.notify("info", "evt", json!({"k": "v"})).await;
    let dead = dead_letter(&site, &queue).await;
    let seen = listener.journal().all();
    assert_eq!(seen.iter().map(|noted| noted.redeliveries).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(inner(&dead.body)["message_id"], seen[0].message_id);
    assert_eq!(inner(&dead.body)["payload"], json!({"k": "v"}));
    assert_eq!((dead.delivery_mode, &dead.headers["x-oslo-delivered"]), (Some(2), &json!(4)));
    let reason = dead.headers["x-oslo-reason"].as_str().unwrap();
    assert!(reason.contains("3 times") && reason.ends_with("failure 3"), "{reason}");
    let failures: Vec<String> =
        serde_json::from_str(dead.headers["x-oslo-failures"].as_str().unwrap()).unwrap();
    assert!(failures.last().unwrap().ends_with("failure 3"), "{failures:?}");
    for (header, value) in
        [("queue", &*queue), ("exchange", "openstack"), ("topic", &*site.topic), ("priority", "info")]
    {
        assert_eq!(dead.headers[&format!("x-oslo-{header}")], value, "{header}");
    }
    let queues = site.host.queues().await;
    let kept = queues.iter().find(|found| found["name"] == format!("{queue}.dead")).unwrap();
    assert_eq!(
        (&kept["durable"], &kept["auto_delete"], &kept["arguments"]),
        (&json!(true), &json!(false), &json!({}))
    );
    listener.stop().await;
    assert_eq!(ready(&site, &queue).await, 0);
}

#[tokio::test]
async fn deleted_dead_letters_are_declared_again() {
    let site = Site::new("deaddel").await;
    let queue = format!("{}.info", site.topic);
    let builder = RustListener::builder(&site.url, &[&site.topic]).answer(|_| Err("always".to_owned()));
    let _listener = builder.options(|l| l.allow_requeue(true).redelivery_limit(0)).start().await;
    let notifier = notifier(&site).await;
    for event_type in ["first", "second"] {
        notifier.notify("info", event_type, json!({})).await;
        assert_eq!(inner(&dead_letter(&site, &queue).await.body)["event_type"], event_type);
        site.host.delete_queue(&format!("{queue}.dead")).await;
    }
}

#[derive(serde::Deserialize)]
struct Instance {
    id: u32,
}

#[listener]
trait Instances {
    #[on(info)]
    async fn changed(&self, event: Event<Instance>);
}

/// Writes the ids down.
struct Ids(Journal<u32>);

impl Instances for Ids {
    async fn changed(&self, event: Event<Instance>) {
        self.0.push(event.payload.id);
    }
}

#[tokio::test]
async fn a_payload_that_does_not_fit_goes_to_the_dead_letters_and_says_where_not_what() {
    let site = Site::new("unfit").await;
    let queue = format!("{}.info", site.topic);
    let (proxy, builder) = tapped(&site).await;
    let ids = Journal::new();
    let endpoint = InstancesEndpoint::new(Ids(ids.clone()));
    let listener = builder.priorities(&[]).options(|l| l.endpoint(endpoint)).start().await;
    let notifier = notifier(&site).await;
    notifier.notify("info", "unfit", json!({"id": "TOPSECRET"})).await;
    notifier.notify("info", "fits", json!({"id": 7})).await;
    assert_eq!(ids.first(1, LIMIT, "the one that fits", |_| true).await, [7]);
    let dead = dead_letter(&site, &queue).await;
    assert_eq!(inner(&dead.body)["event_type"], "unfit");
    let reason = dead.headers["x-oslo-reason"].as_str().unwrap();
    assert!(reason.contains("Instances.changed") && reason.contains("id"), "{reason}");
    assert!(!json!(dead.headers).to_string().contains("TOPSECRET"), "{:?}", dead.headers);
    assert_eq!(proxy.wait_for_verdicts(2).await, ["ack", "ack"]);
    assert_eq!((listener.stats().unfit, listener.stats().dead_lettered, listener.stats().handled), (1, 1, 1));
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_byte_by_byte_where_that_is_asked_for() {
    let site = Site::new("garbage").await;
    let queue = format!("{}.info", site.topic);
    let (proxy, builder) = tapped(&site).await;
    let _listener = builder.options(|l| l.dead_letter_malformed(true)).start().await;
    let raw = Raw::connect(&site.host).await;
    for (n, garbage) in [&b"\xff no message"[..], b"nor this"].into_iter().enumerate() {
        raw.publish("openstack", &queue, oslo_properties(), garbage).await;
        let dead = dead_letter(&site, &queue).await;
        assert_eq!(dead.body, garbage);
        assert!(!dead.headers["x-oslo-reason"].as_str().unwrap().is_empty());
        assert_eq!(proxy.wait_for_verdicts(n + 1).await, vec!["ack"; n + 1]);
        // It has no id by which the broker's return could be known, and must not get lost all the same.
        site.host.delete_queue(&format!("{queue}.dead")).await;
    }
}

#[tokio::test]
async fn a_stop_lets_the_running_handler_finish_and_loses_nothing() {
    let site = Site::new("stop").await;
    let queue = format!("{}.info", site.topic);
    let notifier = notifier(&site).await;
    notifier.request(json!({"priority": "info", "event_type": "evt", "count": 4})).await;
    let (proxy, builder) = tapped(&site).await;
    let (gates, begun, ended) = (Gates::new(), Journal::new(), Journal::new());
    let handler = {
        let (gates, begun, ended) = (gates.clone(), begun.clone(), ended.clone());
        handler_fn(&[Priority::Info], move |event: Event| {
            let (gates, begun, ended) = (gates.clone(), begun.clone(), ended.clone());
            async move {
                begun.push(());
                gates.pass("end").await;
                ended.push(event.payload.as_str().to_owned());
            }
        })
    };
    let options = move |l: ListenerBuilder| l.endpoint(handler).concurrency(1).prefetch(3);
    let listener = builder.priorities(&[]).options(options).start().await;
    begun.first(1, LIMIT, "a handler", |()| true).await;
    let delivered = |record: &Record| record.received("basic.deliver");
    proxy.records().first(3, LIMIT, "what prefetch lets come", delivered).await;
    listener.handle().stop();
    let cancelled = |record: &Record| record.received("basic.cancel-ok");
    proxy.records().first(1, LIMIT, "the end of the consumers", cancelled).await;
    // Python has no such end: what comes now would be delivered, and stay unacknowledged until the connection closes.
    notifier.notify("info", "evt", json!({"n": 4})).await;
    gates.open("end");
    let stopped = listener.stop().await;
    assert_eq!((stopped.finished, stopped.returned_to_queue, stopped.aborted), (1, 2, 0));
    assert_eq!(ended.all(), [r#"{"n": 0}"#]);
    assert_eq!(ready(&site, &queue).await, 4);
    let python = PythonListener::builder(&site.url, &[&site.topic]).start().await;
    let rest: BTreeSet<u64> =
        python.wait_for(4).await.iter().map(|n| n["payload"]["n"].as_u64().unwrap()).collect();
    assert_eq!(rest, (1..5).collect());
}

#[tokio::test]
async fn e01_a_listener_handles_everything_in_spite_of_cut_connections() {
    let site = Site::new("cut").await;
    let (proxy, builder) = tapped(&site).await;
    let listener = builder.options(|l| l.concurrency(4)).start().await;
    let notifier = notifier(&site).await;
    let number = |noted: &Noted| noted.value()["n"].as_u64().unwrap();
    let mut before = 0;
    for round in 1..=3 {
        let sent = async {
            for n in before..round * 20 {
                notifier.notify("info", "evt", json!({"n": n})).await;
            }
        };
        let cut = async {
            let some = |noted: &Noted| number(noted) >= before + 5;
            listener.journal().first(1, LIMIT, "some of the round", some).await;
            proxy.kill_connections();
        };
        tokio::join!(sent, cut);
        before = round * 20;
    }
    let all = || async {
        let seen: BTreeSet<u64> = listener.journal().all().iter().map(number).collect();
        if seen == (0..before).collect() { Ok(()) } else { Err(seen) }
    };
    eventually(LIMIT, "every notification", all).await;
    listener.stop().await;
    assert_eq!(ready(&site, &format!("{}.info", site.topic)).await, 0);
}

#[tokio::test]
async fn e03_a_queue_that_an_administrator_deletes_is_listened_to_again() {
    let site = Site::new("deleted").await;
    let queue = format!("{}.info", site.topic);
    let (proxy, builder) = tapped(&site).await;
    let listener = builder.start().await;
    let consuming = |record: &Record| record.received("basic.consume-ok");
    proxy.records().first(7, LIMIT, "consumers", consuming).await;
    site.host.delete_queue(&queue).await;
    proxy.records().first(14, LIMIT, "consumers again", consuming).await;
    let notifier = notifier(&site).await;
    for priority in ["info", "error"] {
        notifier.notify(priority, "after", json!({})).await;
    }
    listener.wait_for(2).await;
}

#[tokio::test]
async fn one_topic_of_two_exchanges_is_one_queue_and_says_no_exchange() {
    let site = Site::new("twoex").await;
    let (proxy, builder) = tapped(&site).await;
    let other = Target::topic(&site.topic).with_exchange("nova");
    let listener = builder.target(other).priorities(&[Priority::Info]).start().await;
    for exchange in ["openstack", "nova"] {
        let specification =
            json!({"url": site.url, "topics": [site.topic], "conf": {"control_exchange": exchange}});
        let notifier = PythonNotifier::start_with(specification).await;
        for n in 0..2 {
            notifier.notify("info", exchange, json!(n)).await;
        }
    }
    let got = listener.wait_for(4).await;
    let named: Vec<_> = got.iter().filter(|n| !n.exchange.is_empty() && n.exchange != n.event_type).collect();
    assert!(named.is_empty(), "the exchange of another: {named:?}");
    assert!(got.iter().all(|noted| noted.topic == site.topic));
    assert_eq!(proxy.sent("basic.consume").len(), 1, "one queue has one consumer, as in Python");
}
