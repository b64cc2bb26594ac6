//! What callers are told when the connection, the broker or the answer is not as it should be.

use crate::double::{Double, Fate, ready, reconnecting, refused};
use crate::logged::Logged;
use crate::raw::{RawPeer, RawQueue};
use crate::support::{client, echo, no_context, server, transport_on};
use oslo_messaging::contract::{Call, DynRequest};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::{CallError, CastError, ErrorKind, NotSentReason, Ran, RemoteFailure};
use oslo_messaging::json::RawJson;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::transport::{PublishError, Transport, TransportOptions};
use oslo_messaging::wire::{Compression, Oslo2};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A value nested so deep.
fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

/// A value with more keys than a message may have.
fn wide() -> Value {
    (0..100_001).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into()
}

/// A client over a driver that does as the test says, and a peer that serves by hand.
struct Scene {
    broker: MemoryBroker,
    double: Double,
    client: RpcClient,
    peer: RawPeer,
    queue: RawQueue,
}

impl Scene {
    async fn new() -> Self {
        let broker = MemoryBroker::new();
        let double = Double::on(&broker);
        let client = client(&double.transport(), "t");
        let peer = RawPeer::on(&broker);
        let queue = peer.consume("t").await;
        Self { broker, double, client, peer, queue }
    }

    fn call(&self) -> Call<Result<RawJson, RemoteFailure>> {
        self.client.call(&no_context(), "show", &json!({}))
    }

    async fn answer(&self, request: &Value) {
        self.peer.answer(request, json!({"result": 1, "failure": null, "ending": true})).await;
    }
}

fn not_sent() -> PublishError {
    PublishError::NotSent(NotSentReason::Blocked("memory".to_owned()))
}

fn returned() -> PublishError {
    PublishError::Returned {
        exchange: "openstack".to_owned(),
        routing_key: "t".to_owned(),
        code: 312,
        text: "NO_ROUTE".to_owned(),
        node: None,
    }
}

#[tokio::test]
async fn a_failed_call_is_logged_without_the_argument_that_did_not_fit() {
    let logged = Logged::default();
    let _default = tracing::subscriber::set_default(logged.clone());
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.call());
    let request = scene.queue.next().await;
    let failure = json!({
        "class": "TypeError", "module": "builtins", "tb": [], "args": [], "kwargs": {},
        "message": "C.show() argument 'pin' does not fit: invalid type: string \"s3cret\", expected u32",
    });
    let refusal = json!({
        "result": null, "failure": failure.to_string(), "ending": true, "_peer": "rust", "_refused": "invalid_arguments",
    });
    scene.peer.answer(&request, refusal).await;
    let error = call.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("s3cret"), "the caller sees what its server said: {error}");
    let text = logged.text();
    assert!(text.contains("call failed") && text.contains("invalid_arguments"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_once_may_have_run_whatever_became_of_it_later() {
    for later in [not_sent, returned] {
        let scene = Scene::new().await;
        scene.double.requests([Fate::Sent(Err(refused())), Fate::Kept(later())]);
        let error = scene.call().await.unwrap_err();
        assert_eq!((error.kind(), error.ran()), (ErrorKind::Unconfirmed, Ran::Maybe), "{error}");
        assert!(error.to_string().contains("refused"), "{error}");

        scene.double.requests([Fate::Sent(Err(refused())), Fate::Kept(later())]);
        let error = scene.client.cast(&no_context(), "show", &json!({})).await.unwrap_err();
        assert!(matches!(error, CastError::Unconfirmed(_)), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_right_behind_a_refusal_is_the_answer() {
    let mut scene = Scene::new().await;
    scene.double.requests([Fate::Held]);
    let call = tokio::spawn(scene.call().timeout(Duration::from_secs(5)));
    let request = scene.queue.next().await;
    // The call's task has no turn between the two.
    scene.double.refuse_held();
    scene.answer(&request).await;
    assert_eq!(call.await.unwrap().unwrap().as_str(), "1");
    assert!(scene.queue.arrived().is_empty(), "it is not sent again");
}

#[tokio::test(start_paused = true)]
async fn calls_end_with_a_close_that_nobody_waits_for() {
    let broker = MemoryBroker::new();
    let double = Double::on(&broker);
    let transport = double.transport();
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("t").await;
    let call = client(&transport, "t").call(&no_context(), "show", &json!({}));
    let call = tokio::spawn(call.timeout(Duration::from_secs(3600)));
    queue.next().await;
    double.take_for_the_good_bye(Duration::from_secs(60));
    let begun = Instant::now();
    timeout(Duration::from_secs(1), transport.close(Duration::from_secs(60))).await.unwrap_err();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.ran()), (ErrorKind::Unconfirmed, Ran::Maybe), "{error}");
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_monitored_call_outlives_an_outage_of_ours() {
    let mut scene = Scene::new().await;
    let begun = Instant::now();
    let call = tokio::spawn(scene.call().call_monitor(Duration::from_secs(2)));
    let request = scene.queue.next().await;
    sleep(Duration::from_secs(1)).await;
    scene.double.set_health(reconnecting());
    sleep(Duration::from_secs(5)).await;
    scene.double.set_health(ready());
    sleep(Duration::from_millis(1900)).await;
    scene.peer.answer(&request, json!({"result": null, "failure": null, "ending": false})).await;
    // Then the server falls silent.
    let error = call.await.unwrap().unwrap_err();
    let CallError::ServerLost(lost) = &error else { panic!("{error:?}") };
    assert_eq!((lost.silent_for, begun.elapsed()), (Duration::from_secs(2), Duration::from_millis(9900)));
}

#[tokio::test(start_paused = true)]
async fn a_monitor_watches_from_the_confirmation_on() {
    let mut scene = Scene::new().await;
    scene.double.requests([Fate::Held]);
    let begun = Instant::now();
    let call = tokio::spawn(scene.call().call_monitor(Duration::from_secs(2)));
    scene.queue.next().await;
    sleep(Duration::from_secs(5)).await;
    scene.double.settle_held();
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ServerLost);
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_monitor_begins_anew_when_the_reply_queue_was_lost() {
    let mut scene = Scene::new().await;
    let begun = Instant::now();
    let call = tokio::spawn(scene.call().call_monitor(Duration::from_secs(2)));
    let request = scene.queue.next().await;
    sleep(Duration::from_millis(1500)).await;
    scene.broker.kill_consumers(request["_reply_q"].as_str().unwrap());
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ServerLost);
    assert_eq!(begun.elapsed(), Duration::from_millis(3500));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_by_its_deadline_however_slow_the_broker_is() {
    let scene = Scene::new().await;
    for (inspection, consumers) in [(300, Some(1)), (60_000, None)] {
        scene.double.take_for_an_inspection(Duration::from_millis(inspection));
        let begun = Instant::now();
        let error = scene.call().timeout(Duration::from_secs(5)).await.unwrap_err();
        let CallError::Timeout(info) = &error else { panic!("{error:?}") };
        assert_eq!(info.consumers, consumers, "{error}");
        let late = begun.elapsed() - Duration::from_secs(5);
        assert!(late <= Duration::from_millis(100), "{late:?} after the deadline");
    }
    assert_eq!(scene.double.inspections(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_has_not_confirmed_or_is_away_is_not_asked_about_the_queue() {
    let scene = Scene::new().await;
    scene.double.requests([Fate::Held]);
    let begun = Instant::now();
    let error = scene.call().timeout(Duration::from_secs(5)).await.unwrap_err();
    let CallError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!((info.confirmed, info.consumers), (Some(false), None), "{error}");
    assert!(begun.elapsed() <= Duration::from_millis(5100), "{:?}", begun.elapsed());
    scene.double.set_health(reconnecting());
    let error = scene.call().timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(scene.double.inspections(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_while_the_queue_is_looked_at_is_the_answer() {
    let mut scene = Scene::new().await;
    scene.double.take_for_an_inspection(Duration::from_secs(60));
    let call = tokio::spawn(scene.call().timeout(Duration::from_secs(5)));
    let request = scene.queue.next().await;
    sleep(Duration::from_millis(4900)).await;
    assert_eq!(scene.double.inspections(), 1);
    scene.answer(&request).await;
    assert_eq!(call.await.unwrap().unwrap().as_str(), "1");
}

#[tokio::test]
async fn a_reply_over_a_limit_of_this_side_ends_its_call_and_has_run() {
    let mut scene = Scene::new().await;
    // A result in the first of two parts is not the end, but the end would come without it.
    for (result, ending) in [(deep(128), true), (wide(), true), (deep(128), false)] {
        let call = tokio::spawn(scene.call());
        let request = scene.queue.next().await;
        scene.peer.answer(&request, json!({"result": result, "failure": null, "ending": ending})).await;
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.ran()), (ErrorKind::BadReply, Ran::Yes), "{error}");
        assert!(error.to_string().contains("allowed are"), "{error}");
    }
    let call = tokio::spawn(scene.call());
    let request = scene.queue.next().await;
    scene.peer.answer(&request, json!({"result": deep(127), "failure": null, "ending": true})).await;
    assert_eq!(call.await.unwrap().unwrap().as_str().len(), 2 * 127 + 1);
}

/// A driver whose messages are compressed.
fn compressing(broker: &MemoryBroker) -> MemoryDriver {
    let format = Oslo2::new().with_compression(Some(Compression::Gzip));
    MemoryDriver::with_format(broker.clone(), Arc::new(format))
}

#[tokio::test]
async fn a_request_that_no_reader_would_take_is_not_sent() {
    let broker = MemoryBroker::new();
    let mut options = TransportOptions::default();
    options.limits.body = 64 << 10;
    let client = client(&Transport::new(Arc::new(compressing(&broker)), options), "t");
    let mut queue = RawPeer::on(&broker).consume("t").await;
    let too_long = json!({"text": "x".repeat(64 << 10)});
    for args in [too_long, json!({"deep": deep(127)}), json!({"wide": wide()})] {
        let error = client.call(&no_context(), "show", &args).await.unwrap_err();
        assert_eq!((error.kind(), error.ran()), (ErrorKind::NotSent, Ran::No), "{error}");
        let error = client.cast(&no_context(), "show", &args).await.unwrap_err();
        assert!(matches!(error, CastError::NotSent(_)), "{error:?}");
    }
    let context = no_context().with("deep", &deep(128)).unwrap();
    let error = client.call(&context, "show", &json!({})).await.unwrap_err();
    assert!(error.to_string().contains("nested 129 levels deep, allowed are 128"), "{error}");
    assert!(queue.arrived().is_empty());
}

#[tokio::test]
async fn an_answer_that_no_reader_would_take_becomes_a_failure() {
    let broker = MemoryBroker::new();
    let mut options = TransportOptions::default();
    options.limits.body = 4 << 20;
    let serving = Transport::new(Arc::new(compressing(&broker)), options);
    let answer = |request: DynRequest| async move {
        Ok(match request.method.as_str() {
            "long" => json!("x".repeat(4 << 20)),
            "deep" => deep(128),
            _ => wide(),
        })
    };
    let _handle = server(&serving, "t", answer).build().unwrap().start().await.unwrap();
    let client = client(&transport_on(&broker), "t");
    for method in ["long", "deep", "wide"] {
        let error = client.call(&no_context(), method, &json!({})).await.unwrap_err();
        let CallError::Remote(failure) = &error else { panic!("{error:?}") };
        assert_eq!(failure.class, "ResultTooLarge", "{error}");
    }
}

#[tokio::test]
async fn a_server_whose_replies_do_not_settle_takes_no_more_requests() {
    const REQUESTS: usize = 1000;
    let broker = MemoryBroker::new();
    let double = Double::on(&broker);
    let handle =
        server(&double.transport(), "t", echo).concurrency(4).build().unwrap().start().await.unwrap();
    double.hold_replies(true);
    let client = client(&transport_on(&broker), "t");
    let calls: Vec<_> =
        (0..REQUESTS).map(|_| tokio::spawn(client.call(&no_context(), "show", &json!({})))).collect();
    // It comes to rest with every slot waiting for room, and the backlog is still the broker's.
    while handle.stats().succeeded < 256 || handle.stats().running < 4 || handle.stats().waiting == 0 {
        tokio::task::yield_now().await;
    }
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    let kept = double.held();
    assert!((256..=260).contains(&kept), "{kept} replies kept");
    assert_eq!(
        broker.queue("t").unwrap().messages as usize + broker.unacknowledged("t").unwrap(),
        REQUESTS - kept
    );
    double.hold_replies(false);
    double.settle_held();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    // A stop waits for nobody's room.
    double.hold_replies(true);
    let _more: Vec<_> =
        (0..REQUESTS).map(|_| tokio::spawn(client.call(&no_context(), "show", &json!({})))).collect();
    while double.held() < 256 {
        tokio::task::yield_now().await;
    }
    handle.stop();
    while handle.stats().running > 0 {
        tokio::task::yield_now().await;
    }
    double.settle_held();
    assert_eq!(handle.wait(Duration::from_secs(3600)).await.aborted, 0);
}

#[test]
fn a_server_ends_with_the_runtime_that_it_was_started_on() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let server = server(&transport, "t", echo).build().unwrap();
    let (first, second) = (runtime(), runtime());
    let handle = first.block_on(server.start()).unwrap();
    drop(first);
    second.block_on(async {
        handle.wait(Duration::from_secs(3600)).await;
        assert_eq!(broker.queue("t").unwrap().consumers, 0);
        let handle = server.start().await.unwrap();
        client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
        handle.stop();
        handle.wait(Duration::from_secs(3600)).await;
    });
}
