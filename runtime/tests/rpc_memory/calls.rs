//! What a caller gets back.

use crate::raw::RawPeer;
use crate::support::{client, echo, forever, no_context, server, transport, transport_on, transport_with};
use oslo_messaging::drivers::memory::{FaultPlan, FaultScope, MemoryBroker};
use oslo_messaging::error::{
    CallError, CastError, ErrorKind, NotSentReason, Ran, RejectionKind, RemoteFailure,
};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::TransportOptions;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_call_comes_back_with_its_result() {
    let transport = transport();
    let handle = server(&transport, "t", echo).build().unwrap().start().await.unwrap();
    let answer = client(&transport, "t").call(&no_context(), "show", &json!({"id": 7})).await.unwrap();
    assert_eq!(answer.decode::<Value>().unwrap(), json!({"method": "show", "args": {"id": 7}}));
    assert_eq!(handle.stats().succeeded, 1);
    let stats = transport.stats();
    assert_eq!((stats.calls, stats.replies, stats.calls_in_flight, stats.dropped_calls), (1, 1, 0, 0));
}

#[tokio::test]
async fn a_failure_comes_back_whole_and_a_refusal_is_certain() {
    let transport = transport();
    let failing = |_| async { Err(RemoteFailure::new("app.errors", "Gone", "it is gone")) };
    let _handle = server(&transport, "t", failing).build().unwrap().start().await.unwrap();
    let client = client(&transport, "t");
    let error = client.call(&no_context(), "show", &json!({})).await.unwrap_err();
    let CallError::Remote(failure) = &error else { panic!("{error:?}") };
    assert_eq!(
        (failure.class.as_str(), failure.module.as_str(), error.ran()),
        ("Gone", "app.errors", Ran::Yes)
    );
    let error = client.call(&no_context(), "_private", &json!({})).await.unwrap_err();
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!((rejection.kind, error.ran()), (RejectionKind::NoSuchMethod, Ran::No));
    assert!(rejection.request.message_id.is_some());
}

#[tokio::test]
async fn without_a_queue_a_call_and_a_cast_fail_in_one_round_trip() {
    let transport = transport();
    let client = client(&transport, "nobody");
    let error = client.call(&no_context(), "show", &json!({})).await.unwrap_err();
    let CallError::Unroutable(unroutable) = &error else { panic!("{error:?}") };
    assert_eq!((unroutable.routing_key.as_str(), unroutable.code, error.ran()), ("nobody", 312, Ran::No));
    let error = client.cast(&no_context(), "show", &json!({})).await.unwrap_err();
    assert!(matches!(error, CastError::Unroutable(_)), "{error:?}");
    // Every server of a topic may be none.
    client.cast(&no_context(), "show", &json!({})).fanout().await.unwrap();
    assert_eq!(transport.stats().unroutable, 2);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_sent() {
    let broker = MemoryBroker::new();
    let mut options = TransportOptions::default();
    options.limits.body = 64 << 10;
    let transport = transport_with(&broker, options);
    let mut queue = RawPeer::on(&broker).consume("t").await;
    let client = client(&transport, "t");
    let long = "x".repeat(256);
    let no_args = json!({});
    let big = json!({"text": "x".repeat(64 << 10)});
    let call = |client: &RpcClient, args: &Value| client.call(&no_context(), "show", args);
    let nowhere = RpcClient::new(&transport, Target::default());
    let reasons = [
        call(&nowhere, &no_args).await,
        call(&client, &no_args).topic("").await,
        call(&client, &no_args).topic(&long).await,
        call(&client, &no_args).topic("a\tb").await,
        call(&client, &no_args).exchange(&long).await,
        call(&client, &no_args).server("a\0").await,
        call(&client.prepare(|options| options.fanout(true)), &no_args).await,
        call(&client, &json!([1, 2])).await,
        call(&client, &big).await,
        call(&client, &no_args).timeout(Duration::ZERO).await,
        client.call(&no_context(), "", &no_args).await,
    ];
    for (index, result) in reasons.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.ran()), (ErrorKind::NotSent, Ran::No), "{index}: {error}");
    }
    let error = call(&client, &big).await.unwrap_err();
    let CallError::NotSent(not_sent) = error else { panic!("{error:?}") };
    assert!(
        matches!(not_sent.reason, NotSentReason::TooLarge { limit, .. } if limit == 64 << 10),
        "{not_sent}"
    );
    let cast = client.cast(&no_context(), "show", &no_args).topic(&long).await;
    assert!(matches!(cast, Err(CastError::NotSent(_))));
    assert!(queue.arrived().is_empty());
    let stats = transport.stats();
    assert_eq!((stats.calls_in_flight, stats.dropped_calls), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_says_that_no_server_is_running() {
    let transport = transport();
    let handle = server(&transport, "t", echo).build().unwrap().start().await.unwrap();
    handle.stop();
    handle.wait(Duration::from_secs(1)).await;
    let begun = Instant::now();
    let call =
        client(&transport, "t").call(&no_context(), "show", &json!({})).timeout(Duration::from_secs(5));
    let error = call.await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    let CallError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!((info.timeout, info.confirmed, info.consumers), (Duration::from_secs(5), Some(true), Some(0)));
    assert_eq!(error.ran(), Ran::Maybe);
    assert!(error.to_string().contains("no server is running"), "{error}");
    assert!(error.to_string().contains(&info.request.message_id.unwrap().to_string()), "{error}");
    assert_eq!(transport.stats().timeouts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_slow_server_says_that_it_is_there() {
    let transport = transport();
    let _handle = server(&transport, "t", forever).build().unwrap().start().await.unwrap();
    let error = client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap_err();
    let CallError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!((info.timeout, info.consumers, info.waiting), (Duration::from_secs(60), Some(1), Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_counts_the_connections_lost_meanwhile() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let _handle = server(&transport, "t", forever).build().unwrap().start().await.unwrap();
    let call =
        client(&transport, "t").call(&no_context(), "show", &json!({})).timeout(Duration::from_secs(5));
    let call = tokio::spawn(call);
    let reply_queue = loop {
        match broker.queues().into_iter().find(|queue| queue.starts_with("reply_")) {
            Some(queue) => break queue,
            None => tokio::task::yield_now().await,
        }
    };
    broker.kill_consumers(&reply_queue);
    let error = call.await.unwrap().unwrap_err();
    let CallError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!(info.reconnects, 1, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_is_counted_and_harms_nobody() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("t").await;
    let client = client(&transport, "t");
    let call = client.call(&no_context(), "show", &json!({})).timeout(Duration::from_secs(1));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
    let late = queue.next().await;
    peer.answer(&late, json!({"result": 1, "failure": null, "ending": true})).await;
    assert_eq!(transport.stats().late_replies, 1);
    let call = tokio::spawn(client.call(&no_context(), "show", &json!({})));
    let request = queue.next().await;
    peer.answer(&request, json!({"result": 2, "failure": null, "ending": true})).await;
    peer.answer(&request, json!({"result": 3, "failure": null, "ending": true})).await;
    assert_eq!(call.await.unwrap().unwrap().as_str(), "2");
    assert_eq!(transport.stats().late_replies, 2);
}

#[tokio::test]
async fn a_dropped_call_frees_its_slot_at_once() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let peer = RawPeer::on(&broker);
    let mut queue = peer.consume("t").await;
    let mut call = Box::pin(client(&transport, "t").call(&no_context(), "show", &json!({})));
    let request = tokio::select! {
        _ = &mut call => panic!("nobody has answered"),
        request = queue.next() => request,
    };
    assert_eq!(transport.stats().calls_in_flight, 1);
    drop(call);
    let stats = transport.stats();
    assert_eq!((stats.calls_in_flight, stats.dropped_calls), (0, 1));
    peer.answer(&request, json!({"result": 1, "failure": null, "ending": true})).await;
    assert_eq!(transport.stats().late_replies, 1);
}

#[tokio::test]
async fn nothing_is_sent_before_a_call_is_polled() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let mut queue = RawPeer::on(&broker).consume("t").await;
    drop(client(&transport, "t").call(&no_context(), "show", &json!({})));
    assert!(queue.arrived().is_empty());
    assert_eq!(transport.stats().calls, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_calls_are_in_flight_and_each_gets_its_own_answer() {
    const CALLS: usize = 3000;
    let transport = transport();
    let all_here = std::sync::Arc::new(tokio::sync::Barrier::new(CALLS));
    let handler = move |request: oslo_messaging::contract::DynRequest| {
        let all_here = std::sync::Arc::clone(&all_here);
        async move {
            all_here.wait().await;
            Ok(request.args["number"].clone())
        }
    };
    let _handle = server(&transport, "t", handler).concurrency(CALLS).build().unwrap().start().await.unwrap();
    let client = client(&transport, "t");
    let calls: Vec<_> = (0..CALLS)
        .map(|number| tokio::spawn(client.call(&no_context(), "echo", &json!({ "number": number }))))
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap().unwrap().as_str(), number.to_string());
    }
    assert_eq!(transport.stats().calls_in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_handlers_call_inherits_its_callers_deadline() {
    let transport = transport();
    let inner = client(&transport, "inner");
    let (told, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let outer = move |request: oslo_messaging::contract::DynRequest| {
        let (inner, told) = (inner.clone(), told.clone());
        async move {
            let begun = Instant::now();
            let error = inner.call(&request.context, "show", &json!({})).await.unwrap_err();
            let late = inner.call(&request.context, "show", &json!({})).await.unwrap_err();
            told.send((begun.elapsed(), error, late)).unwrap();
            Ok(Value::Null)
        }
    };
    let _outer = server(&transport, "outer", outer).build().unwrap().start().await.unwrap();
    let _inner = server(&transport, "inner", forever).build().unwrap().start().await.unwrap();
    let call =
        client(&transport, "outer").call(&no_context(), "go", &json!({})).timeout(Duration::from_secs(4));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Timeout);
    let (waited, error, late) = seen.recv().await.unwrap();
    assert_eq!((error.kind(), waited.as_secs()), (ErrorKind::Timeout, 4));
    let CallError::NotSent(not_sent) = late else { panic!("{late:?}") };
    assert_eq!(not_sent.reason, NotSentReason::DeadlinePassed);
}

#[tokio::test]
async fn an_unconfirmed_request_may_have_run() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let _handle = server(&transport, "t", forever).build().unwrap().start().await.unwrap();
    let plan = FaultPlan { unconfirmed: 1.0, scope: FaultScope::Requests, ..FaultPlan::seeded(1) };
    broker.faults(plan);
    let error = client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap_err();
    assert_eq!((error.kind(), error.ran()), (ErrorKind::Unconfirmed, Ran::Maybe));
    let error = client(&transport, "t").cast(&no_context(), "show", &json!({})).await.unwrap_err();
    assert!(matches!(error, CastError::Unconfirmed(_)), "{error:?}");
}

#[tokio::test]
async fn closing_the_transport_ends_calls_in_flight_and_refuses_new_ones() {
    let transport = transport();
    let handle = server(&transport, "t", forever).build().unwrap().start().await.unwrap();
    let client = client(&transport, "t");
    let call = tokio::spawn(client.call(&no_context(), "show", &json!({})));
    while transport.stats().calls_in_flight == 0 || handle.stats().running == 0 {
        tokio::task::yield_now().await;
    }
    transport.close(Duration::from_secs(1)).await;
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Unconfirmed);
    let error = client.call(&no_context(), "show", &json!({})).await.unwrap_err();
    let CallError::NotSent(not_sent) = error else { panic!("{error:?}") };
    assert_eq!(not_sent.reason, NotSentReason::Closed);
    let error = client.cast(&no_context(), "show", &json!({})).await.unwrap_err();
    assert!(matches!(error, CastError::NotSent(_)), "{error:?}");
    assert!(transport.ready(Duration::from_secs(1)).await.unwrap_err().to_string().contains("closed"));
    assert_eq!(handle.wait(Duration::ZERO).await.aborted, 1);
}
