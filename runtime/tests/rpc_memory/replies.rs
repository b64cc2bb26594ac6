//! What a caller makes of replies that other peers write.

use crate::logged::Logged;
use crate::raw::{RawPeer, RawQueue, json_properties, reply};
use crate::support::{client, no_context, transport_on};
use oslo_messaging::contract::Call;
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::error::{CallError, ErrorKind, Ran, RemoteFailure};
use oslo_messaging::json::RawJson;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep};

struct Scene {
    transport: Transport,
    client: RpcClient,
    peer: RawPeer,
    queue: RawQueue,
}

type Answered = Result<RawJson, CallError<RemoteFailure>>;

impl Scene {
    async fn new() -> Self {
        let broker = MemoryBroker::new();
        let transport = transport_on(&broker);
        let (client, peer) = (client(&transport, "t"), RawPeer::on(&broker));
        let queue = peer.consume("t").await;
        Self { transport, client, peer, queue }
    }

    fn call(&self) -> Call<Result<RawJson, RemoteFailure>> {
        self.client.call(&no_context(), "show", &json!({}))
    }

    /// A call that the peer answers with these replies in this order.
    async fn answered(&mut self, replies: &[Value]) -> Answered {
        let call = tokio::spawn(self.call().timeout(Duration::from_secs(5)));
        let request = self.queue.next().await;
        for reply in replies {
            self.peer.answer(&request, reply.clone()).await;
        }
        call.await.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn replies_of_all_shapes_are_understood() {
    let mut scene = Scene::new().await;
    let success = [
        (vec![json!({"result": {"a": [1, null]}, "failure": null, "ending": true})], r#"{"a":[1,null]}"#),
        (vec![json!({"result": 1, "ending": true})], "1"),
        (vec![json!({"failure": null, "ending": true})], "null"),
        (vec![json!({"result": 0, "failure": false, "ending": true})], "0"),
        (
            vec![
                json!({"result": "payload", "failure": null, "ending": false}),
                json!({"result": null, "failure": null, "ending": true}),
            ],
            r#""payload""#,
        ),
        (
            vec![
                json!({"result": null, "failure": null, "ending": false}),
                json!({"result": "after an unasked heartbeat", "failure": null, "ending": true}),
            ],
            r#""after an unasked heartbeat""#,
        ),
    ];
    for (replies, expected) in success {
        assert_eq!(scene.answered(&replies).await.unwrap().as_str(), expected, "{replies:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_parts_are_one_reply_and_no_sign_of_life() {
    let mut scene = Scene::new().await;
    let first = json!({"result": 1, "failure": null, "ending": false});
    scene.answered(&[first, json!({"result": null, "failure": null, "ending": true})]).await.unwrap();
    let stats = scene.transport.stats();
    assert_eq!((stats.replies, stats.heartbeats), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_id_of_any_length_that_nobody_waits_for_is_logged_in_short() {
    let logged = Logged::default();
    let _default = tracing::subscriber::set_default(logged.clone());
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.call());
    let request = scene.queue.next().await;
    let long = json!({"result": 1, "failure": null, "ending": true, "_msg_id": "x".repeat(100_000)});
    scene.peer.publish(reply(request["_reply_q"].as_str().unwrap()), &long).await;
    scene.peer.answer(&request, json!({"result": 2, "failure": null, "ending": true})).await;
    call.await.unwrap().unwrap();
    assert_eq!(scene.transport.stats().late_replies, 1);
    assert!(logged.text().contains("nobody waits for this reply"));
    assert!(!logged.text().contains(&"x".repeat(65)));
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_the_first_of_two_parts_is_the_answer() {
    let mut scene = Scene::new().await;
    let failure =
        json!({"class": "Gone", "module": "app", "message": "m", "tb": [], "args": [], "kwargs": {}});
    let first = json!({"result": null, "failure": failure.to_string(), "ending": false});
    let error =
        scene.answered(&[first, json!({"result": null, "failure": null, "ending": true})]).await.unwrap_err();
    assert!(matches!(&error, CallError::Remote(failure) if failure.class == "Gone"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_an_end_times_out() {
    let mut scene = Scene::new().await;
    let error = scene.answered(&[json!({"result": 1, "failure": null})]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn garbage_in_the_reply_queue_is_counted_and_harms_nobody() {
    let mut scene = Scene::new().await;
    let call = tokio::spawn(scene.call());
    let request = scene.queue.next().await;
    let address = request["_reply_q"].as_str().unwrap();
    for garbage in [&b"not json"[..], b"[]", b"{\"oslo.version\": \"3.0\", \"oslo.message\": \"{}\"}"] {
        scene.peer.publish_bytes(reply(address), garbage.to_vec(), json_properties()).await.unwrap();
    }
    scene
        .peer
        .publish(reply(address), &json!({"result": 1, "failure": null, "ending": true, "_msg_id": "other"}))
        .await;
    scene.peer.answer(&request, json!({"result": 2, "failure": null, "ending": true})).await;
    assert_eq!(call.await.unwrap().unwrap().as_str(), "2");
    let stats = scene.transport.stats();
    assert_eq!((stats.malformed_replies, stats.late_replies), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_keep_a_monitored_call_and_silence_ends_it() {
    let mut scene = Scene::new().await;
    let call = scene.call().timeout(Duration::from_secs(3600)).call_monitor(Duration::from_secs(10));
    let begun = Instant::now();
    let call = tokio::spawn(call);
    let request = scene.queue.next().await;
    assert_eq!(request["_timeout"], 10);
    for _ in 0..6 {
        sleep(Duration::from_secs(9)).await;
        scene.peer.answer(&request, json!({"result": null, "failure": null, "ending": false})).await;
    }
    let error = call.await.unwrap().unwrap_err();
    let CallError::ServerLost(lost) = &error else { panic!("{error:?}") };
    assert_eq!((lost.silent_for, begun.elapsed()), (Duration::from_secs(10), Duration::from_secs(64)));
    assert_eq!(error.ran(), Ran::Maybe);
    let stats = scene.transport.stats();
    assert_eq!((stats.heartbeats, stats.servers_lost), (6, 1));
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_do_not_move_the_deadline() {
    let mut scene = Scene::new().await;
    let call = scene.call().timeout(Duration::from_secs(20)).call_monitor(Duration::from_secs(10));
    let call = tokio::spawn(call);
    let request = scene.queue.next().await;
    for _ in 0..3 {
        sleep(Duration::from_secs(6)).await;
        scene.peer.answer(&request, json!({"result": null, "failure": null, "ending": false})).await;
    }
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_payload_with_more_to_come_is_no_sign_of_life() {
    let mut scene = Scene::new().await;
    let call = scene.call().timeout(Duration::from_secs(60)).call_monitor(Duration::from_secs(10));
    let begun = Instant::now();
    let call = tokio::spawn(call);
    let request = scene.queue.next().await;
    sleep(Duration::from_secs(6)).await;
    scene.peer.answer(&request, json!({"result": 1, "failure": null, "ending": false})).await;
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ServerLost);
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_long_call_to_a_server_known_to_be_ours_is_monitored_unasked() {
    let mut scene = Scene::new().await;
    let long = Duration::from_secs(600);
    let mut host = scene.peer.consume("t.host-1").await;
    let to_host = |scene: &Scene| tokio::spawn(scene.call().server("host-1").timeout(long));
    // Not before it has answered with our mark.
    for (mark, monitored) in
        [(Value::Null, Value::Null), (json!("rust"), Value::Null), (json!("rust"), json!(60))]
    {
        let call = to_host(&scene);
        let request = host.next().await;
        assert_eq!(request["_timeout"], monitored);
        let mut answer = json!({"result": 1, "failure": null, "ending": true});
        if !mark.is_null() {
            answer["_peer"] = mark;
        }
        scene.peer.answer(&request, answer).await;
        call.await.unwrap().unwrap();
    }
    // Any server of the topic may be another one, and a call of the usual length ends soon enough.
    let _any = tokio::spawn(scene.call().timeout(long));
    assert_eq!(scene.queue.next().await["_timeout"], Value::Null);
    let _usual = tokio::spawn(scene.call().server("host-1"));
    assert_eq!(host.next().await["_timeout"], Value::Null);
}
