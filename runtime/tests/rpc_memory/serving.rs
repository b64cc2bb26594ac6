//! What a server does with requests: slots, acknowledgement, dispatch, duplicates, ping, deliveries to all and to one.

use crate::raw::{RawPeer, topic};
use crate::support::{Gate, Warnings, client, echo, no_context, server, transport, transport_on};
use oslo_messaging::Context;
use oslo_messaging::contract::{BoxFuture, DynEndpoint, DynRequest, Serializer};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::{CallError, ErrorKind, RejectionKind, RemoteFailure};
use oslo_messaging::json::RawJson;
use oslo_messaging::rpc::{BuildError, RpcServer, StartError};
use oslo_messaging::target::Target;
use oslo_messaging::transport::{Driver, Transport, TransportOptions};
use oslo_messaging::version::Version;
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// The handler of a gate, which first tells what it was called with.
fn telling(
    gate: &Gate,
    told: &mpsc::UnboundedSender<u64>,
) -> impl Fn(DynRequest) -> BoxFuture<Result<Value, RemoteFailure>> + Send + Sync + 'static {
    let (handler, told) = (gate.handler(), told.clone());
    move |request: DynRequest| {
        told.send(request.args["n"].as_u64().unwrap()).unwrap();
        handler(request)
    }
}

#[tokio::test]
async fn what_waited_when_its_connection_was_lost_runs_once() {
    let broker = MemoryBroker::new();
    let driver = Arc::new(MemoryDriver::new(broker.clone()));
    let transport = Transport::new(Arc::clone(&driver) as Arc<dyn Driver>, TransportOptions::default());
    let (told, mut ran) = mpsc::unbounded_channel();
    let (held, free) = (Gate::new(), Gate::new());
    free.open();
    let first = server(&transport, "t", telling(&held, &told)).concurrency(1).prefetch(8).build().unwrap();
    let first = first.start().await.unwrap();
    let others = transport_on(&broker);
    for n in 0..3 {
        client(&others, "t").cast(&no_context(), "work", &json!({ "n": n })).await.unwrap();
    }
    held.entered(1).await;
    assert_eq!(broker.unacknowledged("t"), Some(2));
    let second = RpcServer::builder(&others, Target::server("t", "host-2"))
        .endpoint(DynEndpoint::new(telling(&free, &told)))
        .build()
        .unwrap();
    let second = second.start().await.unwrap();
    driver.cut_off();
    held.open();
    free.entered(1).await;
    while first.stats().running + first.stats().waiting + second.stats().running > 0 {
        tokio::task::yield_now().await;
    }
    drop(told);
    let mut ran: Vec<u64> = std::iter::from_fn(|| ran.try_recv().ok()).collect();
    ran.sort_unstable();
    assert_eq!(ran, [0, 1, 2]);
}

/// Panics where its user translates an argument, or a result of that name.
#[derive(Debug)]
struct Breaking;

impl Serializer for Breaking {
    fn deserialize_entity(&self, _: &Context, value: RawJson) -> Result<RawJson, String> {
        assert_ne!(value.as_str(), "\"argument\"", "broken");
        Ok(value)
    }

    fn serialize_entity(&self, _: &Context, value: RawJson) -> Result<RawJson, String> {
        assert!(!value.as_str().contains("\"result\""), "broken");
        Ok(value)
    }
}

/// It has a slot, its task has not had a turn, and the broker has it back: run from here too, it would run twice.
#[tokio::test]
async fn what_has_a_slot_when_its_connection_is_lost_is_not_run_from_there() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let ran = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&ran);
    let count = move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        async { Ok(Value::Null) }
    };
    let handle = server(&transport, "t", count).build().unwrap().start().await.unwrap();
    // Delivered on this thread, which the server's tasks share.
    RawPeer::on(&broker).publish(topic("t"), &json!({ "method": "work", "args": {} })).await;
    assert_eq!((handle.stats().received, ran.load(Ordering::SeqCst)), (1, 0));
    assert_eq!(broker.kill_consumers("t"), 1);
    assert_eq!(handle.stats().received, 2);
    while handle.stats().running > 0 {
        tokio::task::yield_now().await;
    }
    let stats = handle.stats();
    assert_eq!((ran.load(Ordering::SeqCst), stats.succeeded, stats.gone_back), (1, 1, 1));
}

#[tokio::test]
async fn a_serializer_that_panics_is_answered_for_and_costs_no_slot() {
    let transport = transport();
    let handle = server(&transport, "t", echo).concurrency(1).serializer(Breaking).build().unwrap();
    let handle = handle.start().await.unwrap();
    let client = client(&transport, "t");
    let call = |value: &str| client.call(&no_context(), "show", &json!({ "value": value })).into_future();
    let (argument, result, fine, also) =
        tokio::join!(call("argument"), call("result"), call("fine"), call("fine"));
    for error in [argument.unwrap_err(), result.unwrap_err()] {
        let CallError::Remote(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.class, "InternalError");
    }
    fine.unwrap();
    also.unwrap();
    assert_eq!((handle.stats().running, handle.stats().waiting), (0, 0));
}

#[tokio::test]
async fn peers_cannot_fill_a_log() {
    const MANY: usize = 200;
    let warnings = Warnings::default();
    let _default = tracing::subscriber::set_default(warnings.clone());
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let server = server(&transport, "t", echo).missing_reply_queue_timeout(Duration::ZERO).build().unwrap();
    let handle = server.start().await.unwrap();
    let peer = RawPeer::on(&broker);
    let gone =
        json!({ "method": "work", "args": {}, "_msg_id": "1", "_reply_q": "reply_gone", "_timeout": 1 });
    let refused = json!({ "method": "_work", "args": {}, "version": "1.0" });
    for request in [&gone, &refused, &json!([])] {
        let (before, begun) = (warnings.count(), std::time::Instant::now());
        for n in 0..MANY {
            let mut request = request.clone();
            if request["_reply_q"].is_string() {
                // An address of its own for each, as one is given up soon.
                request["_reply_q"] = json!(format!("reply_gone_{n}"));
            }
            peer.publish(topic("t"), &request).await;
        }
        while handle.stats().received
            > handle.stats().succeeded + handle.stats().refused + handle.stats().malformed
            || handle.stats().running > 0
        {
            tokio::task::yield_now().await;
        }
        // Two kinds of lines at most come of one request, ten a second each.
        let most = 2 * 10 * (2 + begun.elapsed().as_secs() as usize);
        let warnings = warnings.count() - before;
        assert!(warnings > 0 && warnings <= most, "{warnings} warnings of {request}");
    }
    assert_eq!(handle.stats().refused, MANY as u64);
    assert_eq!(handle.stats().malformed, MANY as u64);
}

/// Row B10 from inside: what runs was acknowledged before its handler's first statement, in turn and side by side.
#[tokio::test]
async fn a_handler_begins_when_its_request_is_acknowledged() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let (told, mut seen) = mpsc::unbounded_channel();
    let (gate, asked) = (Gate::new(), broker.clone());
    let handler = {
        let waiting = gate.handler();
        move |request: DynRequest| {
            told.send(asked.unacknowledged("t")).unwrap();
            waiting(request)
        }
    };
    let _handle = server(&transport, "t", handler).concurrency(3).build().unwrap().start().await.unwrap();
    for n in 0..3 {
        client(&transport, "t").cast(&no_context(), "work", &json!({ "n": n })).await.unwrap();
        gate.entered(n + 1).await;
        assert_eq!(seen.recv().await.unwrap(), Some(0));
    }
    gate.open();
}

#[tokio::test]
async fn what_has_no_slot_waits_unacknowledged() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let gate = Gate::new();
    let handle = server(&transport, "t", gate.handler())
        .concurrency(3)
        .prefetch(5)
        .build()
        .unwrap()
        .start()
        .await
        .unwrap();
    let client = client(&transport, "t");
    let calls: Vec<_> =
        (0..10).map(|n| tokio::spawn(client.call(&no_context(), "work", &json!({ "n": n })))).collect();
    gate.entered(3).await;
    // Three run and are acknowledged, five wait here, two wait in the queue.
    let stats = handle.stats();
    assert_eq!((stats.received, stats.running, stats.waiting), (8, 3, 5));
    assert_eq!(broker.unacknowledged("t"), Some(5));
    assert_eq!(broker.queue("t").unwrap().messages, 2);
    gate.open();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(gate.most_at_a_time(), 3);
    assert_eq!(broker.unacknowledged("t"), Some(0));
    assert_eq!(handle.stats().succeeded, 10);
}

#[tokio::test]
async fn a_panic_is_answered_and_the_server_goes_on() {
    let transport = transport();
    let handler = |request: DynRequest| async move {
        assert!(request.method != "explode", "with secret contents");
        Ok(Value::Null)
    };
    let handle = server(&transport, "t", handler).concurrency(1).build().unwrap().start().await.unwrap();
    let client = client(&transport, "t");
    for _ in 0..3 {
        let error = client.call(&no_context(), "explode", &json!({})).await.unwrap_err();
        let CallError::Remote(failure) = &error else { panic!("{error:?}") };
        assert_eq!(
            (failure.module.as_str(), failure.class.as_str()),
            ("oslo_messaging.server", "InternalError")
        );
        assert!(!error.to_string().contains("secret") && failure.traceback.is_empty());
    }
    client.call(&no_context(), "calm", &json!({})).await.unwrap();
    let stats = handle.stats();
    assert_eq!((stats.internal_errors, stats.succeeded, stats.running), (3, 1, 0));
}

#[tokio::test]
async fn a_duplicate_is_dropped() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let (told, mut seen) = mpsc::unbounded_channel();
    let handler = move |request: DynRequest| {
        told.send(request.method).unwrap();
        async { Ok(Value::Null) }
    };
    let handle = server(&transport, "t", handler).concurrency(1).build().unwrap().start().await.unwrap();
    let peer = RawPeer::on(&broker);
    for (method, unique_id) in [("a", "1"), ("again", "1"), ("b", "2"), ("again", "1")] {
        peer.publish(topic("t"), &json!({"method": method, "args": {}, "_unique_id": unique_id})).await;
    }
    // Without an id there is nothing to compare.
    peer.publish(topic("t"), &json!({"method": "c", "args": {}})).await;
    peer.publish(topic("t"), &json!({"method": "c", "args": {}})).await;
    for expected in ["a", "b", "c", "c"] {
        assert_eq!(seen.recv().await.unwrap(), expected);
    }
    assert_eq!(handle.stats().duplicates, 2);
    assert_eq!(broker.unacknowledged("t"), Some(0));
}

#[tokio::test]
async fn ping_is_answered_where_it_is_enabled() {
    let transport = transport();
    let named = |topic: &str| {
        RpcServer::builder(&transport, Target::server(topic, "host-1"))
            .endpoint(DynEndpoint::new(echo).namespace("other"))
    };
    let _on = named("on").ping(true).build().unwrap().start().await.unwrap();
    let _off = named("off").build().unwrap().start().await.unwrap();
    let pong =
        client(&transport, "on").call(&no_context(), "oslo_rpc_server_ping", &json!({})).await.unwrap();
    assert_eq!(pong.as_str(), "\"pong\"");
    let error =
        client(&transport, "off").call(&no_context(), "oslo_rpc_server_ping", &json!({})).await.unwrap_err();
    let CallError::Rejected(rejection) = error else { panic!("{error:?}") };
    assert_eq!(rejection.kind, RejectionKind::UnsupportedVersion);
}

#[tokio::test]
async fn a_fanout_reaches_all_a_cast_one_and_a_server_by_name() {
    let broker = MemoryBroker::new();
    let (told, mut seen) = mpsc::unbounded_channel();
    let mut handles = Vec::new();
    let transports = [transport_on(&broker), transport_on(&broker), transport_on(&broker)];
    for (index, transport) in transports.iter().enumerate() {
        let told = told.clone();
        let handler = move |request: DynRequest| {
            told.send((request.method, index)).unwrap();
            async { Ok::<_, RemoteFailure>(Value::Null) }
        };
        let target = Target::server("t", format!("host-{index}"));
        let server =
            RpcServer::builder(transport, target).endpoint(DynEndpoint::new(handler)).build().unwrap();
        handles.push(server.start().await.unwrap());
    }
    let client = client(&transports[0], "t");
    client.cast(&no_context(), "all", &json!({})).fanout().await.unwrap();
    let mut reached = [seen.recv().await.unwrap(), seen.recv().await.unwrap(), seen.recv().await.unwrap()];
    reached.sort();
    assert_eq!(reached.map(|(method, index)| (method == "all", index)), [(true, 0), (true, 1), (true, 2)]);
    for _ in 0..3 {
        client.cast(&no_context(), "one", &json!({})).await.unwrap();
    }
    let mut reached = [seen.recv().await.unwrap(), seen.recv().await.unwrap(), seen.recv().await.unwrap()];
    reached.sort();
    assert_eq!(reached.map(|(method, index)| (method == "one", index)), [(true, 0), (true, 1), (true, 2)]);
    for _ in 0..2 {
        client.cast(&no_context(), "named", &json!({})).server("host-2").await.unwrap();
        assert_eq!(seen.recv().await.unwrap(), ("named".to_owned(), 2));
    }
}

#[tokio::test]
async fn a_failing_cast_is_answered_by_nobody() {
    let transport = transport();
    let failing = |_| async { Err(RemoteFailure::new("app", "Gone", "m")) };
    let handle = server(&transport, "t", failing).concurrency(1).build().unwrap().start().await.unwrap();
    client(&transport, "t").cast(&no_context(), "show", &json!({})).await.unwrap();
    // With one slot, the call's answer comes after the cast has ended.
    client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap_err();
    assert_eq!(handle.stats().declared_errors, 2);
    assert_eq!((transport.stats().replies, transport.stats().late_replies), (1, 0));
}

#[tokio::test]
async fn a_handler_sees_context_and_delivery() {
    let transport = transport();
    let (told, mut seen) = mpsc::unbounded_channel();
    let handler = move |request: DynRequest| {
        told.send(request.context).unwrap();
        async { Ok(Value::Null) }
    };
    let _handle = server(&transport, "t", handler).build().unwrap().start().await.unwrap();
    let context = no_context().with("user", "u-1").unwrap();
    let call = client(&transport, "t").call(&context, "show", &json!({})).timeout(Duration::from_secs(30));
    call.await.unwrap();
    let context = seen.recv().await.unwrap();
    assert_eq!(context.raw("user").unwrap().as_str(), "\"u-1\"");
    let delivery = context.delivery().unwrap();
    assert_eq!((delivery.method.as_str(), delivery.redelivered), ("show", false));
    assert_eq!(
        (delivery.target.topic.as_deref(), delivery.target.server.as_deref()),
        (Some("t"), Some("host-1"))
    );
    assert!(delivery.message_id.is_some());
    let left = delivery.deadline.unwrap().saturating_duration_since(std::time::Instant::now());
    assert!(left > Duration::from_secs(20) && left <= Duration::from_secs(30), "{left:?}");
    client(&transport, "t").cast(&no_context(), "show", &json!({})).await.unwrap();
    let context = seen.recv().await.unwrap();
    assert_eq!(context.delivery().map(|d| (d.message_id, d.deadline)), Some((None, None)));
}

#[tokio::test(start_paused = true)]
async fn a_handlers_deadline_is_its_callers_however_long_the_request_has_waited() {
    let transport = transport();
    let (told, mut seen) = mpsc::unbounded_channel();
    let slow = move |request: DynRequest| {
        let left = request
            .context
            .deadline()
            .map(|deadline| deadline.saturating_duration_since(tokio::time::Instant::now().into_std()));
        told.send(left.unwrap()).unwrap();
        async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Value::Null)
        }
    };
    let server = server(&transport, "t", slow).concurrency(1).prefetch(2).build().unwrap();
    let _handle = server.start().await.unwrap();
    for _ in 0..2 {
        let call = client(&transport, "t").call(&no_context(), "show", &json!({}));
        drop(tokio::spawn(call.timeout(Duration::from_secs(30))));
    }
    let (first, second) = (seen.recv().await.unwrap(), seen.recv().await.unwrap());
    assert_eq!((first, second), (Duration::from_secs(30), Duration::from_secs(20)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_run_where_the_server_was_started() {
    let transport = transport();
    let started_on = tokio::runtime::Handle::current().id();
    let (told, mut seen) = mpsc::unbounded_channel();
    let handler = move |_| {
        told.send(tokio::runtime::Handle::current().id()).unwrap();
        async { Ok(Value::Null) }
    };
    let _handle = server(&transport, "t", handler).build().unwrap().start().await.unwrap();
    let caller = client(&transport, "t");
    std::thread::spawn(move || {
        let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        other.block_on(caller.call(&no_context(), "show", &json!({}))).unwrap();
    })
    .join()
    .unwrap();
    assert_eq!(seen.recv().await.unwrap(), started_on);
}

#[tokio::test]
async fn a_server_that_cannot_be_built_says_why() {
    let transport = transport();
    let with =
        |target: Target| RpcServer::builder(&transport, target).endpoint(DynEndpoint::new(echo)).build();
    for target in [
        Target::default(),
        Target::topic("t"),
        Target::server("", "s"),
        Target::server("t", ""),
        Target::server("t", "s\n"),
        Target::server("t".repeat(250), "s"),
        Target { fanout: true, ..Target::server("t", "s") },
    ] {
        assert!(matches!(with(target.clone()), Err(BuildError::InvalidTarget(_))), "{target}");
    }
    let target = || Target::server("t", "s");
    assert_eq!(RpcServer::builder(&transport, target()).build().unwrap_err(), BuildError::NoEndpoint);
    let none =
        RpcServer::builder(&transport, target()).endpoint(DynEndpoint::new(echo)).concurrency(0).build();
    assert_eq!(none.unwrap_err(), BuildError::NoConcurrency);
}

#[tokio::test]
async fn a_server_is_started_once_at_a_time() {
    let transport = transport();
    let server = server(&transport, "t", echo).build().unwrap();
    let handle = server.start().await.unwrap();
    assert!(matches!(server.start().await, Err(StartError::AlreadyRunning)));
    handle.stop();
    handle.wait(Duration::from_secs(5)).await;
    let again = server.start().await.unwrap();
    client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
    assert_eq!((handle.stats().received, again.stats().received), (0, 1));
}

#[tokio::test]
async fn a_closed_transport_starts_no_server() {
    let transport = transport();
    let server = server(&transport, "t", echo).build().unwrap();
    transport.close(Duration::from_secs(1)).await;
    let error = server.start().await.unwrap_err();
    assert!(matches!(error, StartError::Driver(_)), "{error:?}");
}

#[tokio::test]
async fn versions_and_namespaces_choose_the_endpoint() {
    let transport = transport();
    let answer = |text: &'static str| move |_: DynRequest| async move { Ok::<_, RemoteFailure>(json!(text)) };
    let _handle = RpcServer::builder(&transport, Target::server("t", "s"))
        .endpoint(DynEndpoint::new(answer("one")).version(Version::new(1, 5)))
        .endpoint(DynEndpoint::new(answer("two")).version(Version::new(2, 0)).namespace("ns"))
        .build()
        .unwrap()
        .start()
        .await
        .unwrap();
    let client = client(&transport, "t");
    let call = || client.call(&no_context(), "show", &json!({}));
    assert_eq!(call().await.unwrap().as_str(), "\"one\"");
    assert_eq!(call().version(Version::new(1, 5)).await.unwrap().as_str(), "\"one\"");
    assert_eq!(call().namespace("ns").version(Version::new(2, 0)).await.unwrap().as_str(), "\"two\"");
    let error = call().version(Version::new(1, 6)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_are_spread_over_the_servers_of_a_topic_and_each_runs_once() {
    let broker = MemoryBroker::new();
    let ran = Arc::new(AtomicUsize::new(0));
    let mut handles = Vec::new();
    for index in 0..3 {
        let ran = Arc::clone(&ran);
        let handler = move |request: DynRequest| {
            ran.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<_, RemoteFailure>(request.args["n"].clone()) }
        };
        let server = RpcServer::builder(&transport_on(&broker), Target::server("t", format!("host-{index}")))
            .endpoint(DynEndpoint::new(handler))
            .build()
            .unwrap();
        handles.push(server.start().await.unwrap());
    }
    let client = client(&transport_on(&broker), "t");
    let calls: Vec<_> =
        (0..300).map(|n| tokio::spawn(client.call(&no_context(), "work", &json!({ "n": n })))).collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().as_str(), n.to_string());
    }
    assert_eq!(ran.load(Ordering::SeqCst), 300);
    assert!(handles.iter().all(|handle| handle.stats().succeeded > 0));
}
