//! How a server answers: addresses that are missing, late or forged, requests that cannot be read, signs of life.

use crate::logged::Logged;
use crate::raw::{RawPeer, envelope, json_properties, topic};
use crate::support::{client, echo, no_context, server, transport_on};
use oslo_messaging::contract::DynRequest;
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::error::{CallError, ErrorKind, Ran};
use oslo_messaging::rpc::ServerHandle;
use oslo_messaging::wire::Properties;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

fn request(method: &str, reply_q: &str, id: char) -> Value {
    json!({
        "method": method, "args": {}, "_msg_id": id.to_string().repeat(32), "_reply_q": reply_q, "_timeout": null,
        "_unique_id": format!("{id}-unique")
    })
}

async fn serving(broker: &MemoryBroker) -> ServerHandle {
    server(&transport_on(broker), "t", echo).build().unwrap().start().await.unwrap()
}

/// Returns when the server has come so far; it sends no event of its own for what it only counts. Not for what takes
/// time: a paused clock stands still meanwhile.
async fn until(handle: &ServerHandle, reached: impl Fn(oslo_messaging::rpc::ServerStats) -> bool) {
    while !reached(handle.stats()) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_is_sent_again_with_a_new_id_until_its_queue_is_there() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let begun = Instant::now();
    peer.publish(topic("t"), &request("show", "reply_late", 'a')).await;
    sleep(Duration::from_millis(1900)).await;
    assert_eq!(handle.stats().replies_retried, 8);
    let mut queue = peer.consume("reply_late").await;
    let reply = queue.next().await;
    assert_eq!(begun.elapsed(), Duration::from_millis(8 * 250));
    assert_eq!((&reply["_msg_id"], &reply["ending"]), (&json!("a".repeat(32)), &json!(true)));
    assert_eq!(reply["result"]["method"], "show");
    sleep(Duration::from_secs(5)).await;
    assert!(queue.arrived().is_empty(), "one reply is enough");
    assert_eq!(handle.stats().replies_lost, 0);
}

#[tokio::test(start_paused = true)]
async fn a_missing_address_is_given_up_after_a_minute_and_for_a_minute() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    peer.publish(topic("t"), &request("show", "reply_gone", 'a')).await;
    sleep(Duration::from_millis(59_900)).await;
    assert_eq!((handle.stats().replies_retried, handle.stats().replies_lost), (240, 0));
    sleep(Duration::from_millis(200)).await;
    assert_eq!((handle.stats().replies_retried, handle.stats().replies_lost), (240, 1));
    let mut queue = peer.consume("reply_gone").await;
    peer.publish(topic("t"), &request("show", "reply_gone", 'b')).await;
    until(&handle, |stats| stats.replies_lost == 2).await;
    assert_eq!(handle.stats().replies_retried, 240, "not even tried");
    sleep(Duration::from_secs(60)).await;
    peer.publish(topic("t"), &request("show", "reply_gone", 'c')).await;
    assert_eq!(queue.next().await["_msg_id"], "c".repeat(32));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_replies_wait_for_their_queues_and_the_newest_are_given_up() {
    const WAIT: u64 = 1024;
    let broker = MemoryBroker::new();
    let handle = server(&transport_on(&broker), "t", echo).concurrency(2).build().unwrap();
    let handle = handle.start().await.unwrap();
    let peer = RawPeer::on(&broker);
    let numbered = |n: u64| {
        let mut request = request("show", &format!("reply_{n}"), 'a');
        request["_unique_id"] = json!(n.to_string());
        request
    };
    for n in 0..WAIT + 50 {
        peer.publish(topic("t"), &numbered(n)).await;
    }
    sleep(Duration::from_millis(100)).await;
    assert_eq!((handle.stats().succeeded, handle.stats().replies_lost), (WAIT + 50, 50));
    // The places are theirs until they are through, and free then.
    sleep(Duration::from_secs(1)).await;
    assert_eq!(handle.stats().replies_lost, 50);
    let mut first = peer.consume("reply_0").await;
    first.next().await;
    for n in [5000, 5001] {
        peer.publish(topic("t"), &numbered(n)).await;
    }
    sleep(Duration::from_millis(100)).await;
    assert_eq!(handle.stats().replies_lost, 51);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_bytes_of_replies_wait_for_their_queues() {
    const MIB: usize = 1 << 20;
    let broker = MemoryBroker::new();
    let large = |_| async { Ok(json!("x".repeat(15 * MIB))) };
    let handle = server(&transport_on(&broker), "t", large).build().unwrap().start().await.unwrap();
    let peer = RawPeer::on(&broker);
    for (index, id) in ('a'..='f').enumerate() {
        peer.publish(topic("t"), &request("show", &format!("reply_{index}"), id)).await;
    }
    sleep(Duration::from_millis(100)).await;
    assert_eq!(
        (handle.stats().succeeded, handle.stats().replies_lost),
        (6, 2),
        "four of 15 MiB are within 64"
    );
}

#[tokio::test(start_paused = true)]
async fn an_id_of_any_length_is_logged_in_short() {
    let logged = Logged::default();
    let _default = tracing::subscriber::set_default(logged.clone());
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let mut request = request("show", "reply_gone", 'a');
    request["_msg_id"] = json!("x".repeat(100_000));
    request["_timeout"] = json!(1);
    peer.publish(topic("t"), &request).await;
    sleep(Duration::from_secs(61)).await;
    request["_unique_id"] = json!("another");
    peer.publish(topic("t"), &request).await;
    until(&handle, |stats| stats.replies_lost == 2).await;
    let text = logged.text();
    for line in ["too short for signs of life", "not delivered, trying again", "reply lost", "thrown away"] {
        assert!(text.contains(line), "{line}");
    }
    assert!(!text.contains(&"x".repeat(65)));
}

#[tokio::test(start_paused = true)]
async fn nobody_retries_beyond_the_callers_deadline() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let mut short = request("show", "reply_gone", 'a');
    short["_deadline_ms"] = json!(3000);
    peer.publish(topic("t"), &short).await;
    sleep(Duration::from_millis(2700)).await;
    assert_eq!(handle.stats().replies_lost, 0);
    sleep(Duration::from_millis(400)).await;
    assert_eq!(handle.stats().replies_lost, 1);
    // One short call says nothing about the next one.
    let mut queue = peer.consume("reply_gone").await;
    peer.publish(topic("t"), &request("show", "reply_gone", 'b')).await;
    assert_eq!(queue.next().await["_msg_id"], "b".repeat(32));
}

#[tokio::test]
async fn a_request_with_a_forged_reply_address_is_not_run() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let mut victim = peer.consume("victim").await;
    let long = format!("reply_{}", "x".repeat(250));
    for (index, address) in ["victim", "", "t", "Reply_x", "reply_a\r\nb", &long].into_iter().enumerate() {
        let id = char::from(b'a' + u8::try_from(index).unwrap());
        peer.publish(topic("t"), &request("show", address, id)).await;
    }
    let mut no_address = request("show", "", 'z');
    no_address.as_object_mut().unwrap().remove("_reply_q");
    peer.publish(topic("t"), &no_address).await;
    until(&handle, |stats| stats.bad_reply_addresses == 7).await;
    assert!(victim.arrived().is_empty());
    // The server goes on.
    let transport = transport_on(&broker);
    client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
    let stats = handle.stats();
    assert_eq!((stats.succeeded, stats.bad_reply_addresses), (1, 7));
    assert_eq!(broker.unacknowledged("t"), Some(0));
    assert_eq!(broker.queue("t").unwrap().messages, 0);
}

#[tokio::test]
async fn a_queue_that_another_server_of_the_process_serves_is_no_reply_address() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let desk = server(&transport_on(&broker), "reply_desk", echo).build().unwrap().start().await.unwrap();
    let peer = RawPeer::on(&broker);
    for (address, id) in [("reply_desk", 'a'), ("reply_desk.host-1", 'b')] {
        peer.publish(topic("t"), &request("show", address, id)).await;
    }
    until(&handle, |stats| stats.bad_reply_addresses == 2).await;
    assert_eq!((handle.stats().succeeded, desk.stats().received), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_or_thrown_away_and_the_server_goes_on() {
    let broker = MemoryBroker::new();
    let handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("reply_q").await;
    let bytes: [&[u8]; 7] = [
        b"",
        b"not json",
        b"[]",
        b"\"text\"",
        b"\xff\xfe",
        b"{\"oslo.version\": \"3.0\", \"oslo.message\": \"{}\"}",
        b"{\"oslo.version\": \"2.0\", \"oslo.message\": {}}",
    ];
    for body in bytes {
        peer.publish_bytes(topic("t"), body.to_vec(), json_properties()).await.unwrap();
    }
    let typeless = Properties { content_type: None, ..json_properties() };
    peer.publish_bytes(topic("t"), envelope(&request("show", "reply_q", 'a')), typeless).await.unwrap();
    until(&handle, |stats| stats.malformed == 8).await;
    assert!(queue.arrived().is_empty());
    // Readable enough to know whom to answer.
    let mut no_method = request("show", "reply_q", 'b');
    no_method.as_object_mut().unwrap().remove("method");
    peer.publish(topic("t"), &no_method).await;
    let reply = queue.next().await;
    assert_eq!((&reply["_msg_id"], &reply["ending"]), (&json!("b".repeat(32)), &json!(true)));
    let failure: Value = serde_json::from_str(reply["failure"].as_str().unwrap()).unwrap();
    assert_eq!((&failure["module"], &failure["class"]), (&json!("builtins"), &json!("TypeError")));
    // The same with a forged address is not answered.
    no_method["_reply_q"] = json!("victim");
    let mut victim = peer.consume("victim").await;
    peer.publish(topic("t"), &no_method).await;
    until(&handle, |stats| stats.malformed == 10).await;
    assert!(victim.arrived().is_empty());
    let transport = transport_on(&broker);
    client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
    assert_eq!(broker.unacknowledged("t"), Some(0));
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_come_twice_in_the_callers_time_and_end_with_the_answer() {
    let broker = MemoryBroker::new();
    let slow = |request: DynRequest| async move {
        sleep(Duration::from_secs(request.args["seconds"].as_u64().unwrap())).await;
        Ok(Value::Null)
    };
    let _handle = server(&transport_on(&broker), "t", slow).build().unwrap().start().await.unwrap();
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("reply_q").await;
    for (monitor, seconds, beats) in
        [(json!(3), 7, 4), (json!(2.9), 4, 3), (json!(1), 5, 0), (json!(0), 5, 0)]
    {
        let mut request = request("work", "reply_q", 'a');
        request["_timeout"] = monitor.clone();
        request["_unique_id"] = json!(format!("{monitor}"));
        request["args"] = json!({"seconds": seconds});
        peer.publish(topic("t"), &request).await;
        let begun = Instant::now();
        for beat in 1..=beats {
            let reply = queue.next().await;
            assert_eq!(
                (&reply["result"], &reply["failure"], &reply["ending"]),
                (&Value::Null, &Value::Null, &json!(false))
            );
            let interval = Duration::from_secs_f64(f64::from(monitor.as_f64().unwrap() as u32) / 2.0);
            assert_eq!(begun.elapsed(), interval * beat, "monitor {monitor}");
        }
        assert_eq!(queue.next().await["ending"], json!(true), "monitor {monitor}");
        assert_eq!(begun.elapsed(), Duration::from_secs(seconds));
        sleep(Duration::from_secs(10)).await;
        assert!(queue.arrived().is_empty(), "monitor {monitor}: nothing after the end");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_leaves_no_signs_of_life() {
    let broker = MemoryBroker::new();
    let _handle = serving(&broker).await;
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("reply_q").await;
    let mut request = request("_private", "reply_q", 'a');
    request["_timeout"] = json!(2);
    peer.publish(topic("t"), &request).await;
    let reply = queue.next().await;
    assert!(reply["failure"].as_str().unwrap().contains("NoSuchMethod"));
    sleep(Duration::from_secs(10)).await;
    assert!(queue.arrived().is_empty());
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_end_when_nobody_is_there_to_see_them() {
    let broker = MemoryBroker::new();
    let never = crate::support::forever;
    let _handle = server(&transport_on(&broker), "t", never).build().unwrap().start().await.unwrap();
    let peer = RawPeer::on(&broker);
    let mut request = request("work", "reply_q", 'a');
    request["_timeout"] = json!(2);
    peer.publish(topic("t"), &request).await;
    sleep(Duration::from_millis(1500)).await;
    // The first one was returned; a queue that appears now sees no second one.
    let mut queue = peer.consume("reply_q").await;
    assert!(timeout(Duration::from_secs(20), queue.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_monitored_call_outlives_its_monitor_while_the_handler_works() {
    let broker = MemoryBroker::new();
    let slow = |_| async {
        sleep(Duration::from_secs(30)).await;
        Ok(json!("done"))
    };
    let _handle = server(&transport_on(&broker), "t", slow).build().unwrap().start().await.unwrap();
    let transport = transport_on(&broker);
    let call = client(&transport, "t").call(&no_context(), "work", &json!({}));
    let answer = call.call_monitor(Duration::from_secs(4)).await.unwrap();
    assert_eq!(answer.as_str(), "\"done\"");
    assert!(transport.stats().heartbeats >= 14);
}

#[tokio::test]
async fn an_answer_over_the_limit_becomes_a_failure() {
    let broker = MemoryBroker::new();
    let mut options = oslo_messaging::transport::TransportOptions::default();
    options.limits.body = 64 << 10;
    let serving = crate::support::transport_with(&broker, options);
    let big = |_| async { Ok(json!("x".repeat(64 << 10))) };
    let _handle = server(&serving, "t", big).build().unwrap().start().await.unwrap();
    let error =
        client(&transport_on(&broker), "t").call(&no_context(), "show", &json!({})).await.unwrap_err();
    assert!(error.to_string().contains("over the limit of 65536 bytes"), "{error}");
}

#[tokio::test]
async fn a_refusal_over_the_limit_is_a_refusal_all_the_same() {
    let broker = MemoryBroker::new();
    let mut options = oslo_messaging::transport::TransportOptions::default();
    options.limits.body = 64 << 10;
    let serving = crate::support::transport_with(&broker, options);
    let _handle = server(&serving, "t", echo).build().unwrap().start().await.unwrap();
    // The refusal names the method twice.
    let method = format!("_{}", "x".repeat(40 << 10));
    let error =
        client(&transport_on(&broker), "t").call(&no_context(), method, &json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.ran()), (ErrorKind::Rejected, Ran::No));
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert!(rejection.failure.message.contains("over the limit of 65536 bytes"), "{}", rejection.failure);
}
