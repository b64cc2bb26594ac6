//! How a server stops: what finishes, what goes back, what is cut short.

use crate::double::Double;
use crate::support::{Gate, client, echo, no_context, server, transport, transport_on};
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::rpc::{RpcServer, ServerHandle};
use oslo_messaging::target::Target;
use serde_json::{Value, json};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

const PLENTY: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn running_handlers_finish_and_answer_and_the_rest_goes_back() {
    let broker = MemoryBroker::new();
    let transport = transport_on(&broker);
    let gate = Gate::new();
    let first =
        server(&transport, "t", gate.handler()).concurrency(2).build().unwrap().start().await.unwrap();
    let client = client(&transport, "t");
    let calls: Vec<_> =
        (0..4).map(|n| tokio::spawn(client.call(&no_context(), "work", &json!({ "n": n })))).collect();
    gate.entered(2).await;
    client.cast(&no_context(), "all", &json!({})).fanout().await.unwrap();
    first.stop();
    // Nothing comes in any more, and what waited is given back before the running ones have ended.
    while broker.unacknowledged("t") != Some(0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(broker.queue("t").unwrap().consumers, 0);
    assert_eq!(broker.queue("t").unwrap().messages, 2);
    gate.open();
    let stopped = first.wait(PLENTY).await;
    assert_eq!((stopped.finished, stopped.returned_to_queue, stopped.aborted), (2, 2, 0));
    assert_eq!(stopped.fanouts_dropped, 1);
    // Its queues stay, apart from its own fanout queue.
    assert!(broker.queues().iter().all(|queue| !queue.contains("fanout")), "{:?}", broker.queues());
    let second = server(&transport, "t", echo).build().unwrap().start().await.unwrap();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(second.stats().succeeded, 2);
    assert_eq!(first.stats().succeeded, 2);
}

#[tokio::test]
async fn a_handler_may_stop_its_server_and_still_answers() {
    let transport = transport();
    let own = Arc::new(OnceLock::<ServerHandle>::new());
    let handler = {
        let own = Arc::clone(&own);
        move |_| {
            let own = Arc::clone(&own);
            async move {
                own.get().unwrap().stop();
                tokio::task::yield_now().await;
                Ok(json!("stopping"))
            }
        }
    };
    let handle = server(&transport, "t", handler).build().unwrap().start().await.unwrap();
    own.set(handle.clone()).unwrap();
    let answer = client(&transport, "t").call(&no_context(), "stop", &json!({})).await.unwrap();
    assert_eq!(answer.as_str(), "\"stopping\"");
    let stopped = handle.wait(PLENTY).await;
    assert_eq!((stopped.finished, stopped.aborted), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn handlers_get_no_more_time_than_wait_gives_them() {
    let transport = transport();
    let gate = Gate::new();
    let handle = server(&transport, "t", gate.handler()).build().unwrap().start().await.unwrap();
    let call = tokio::spawn(client(&transport, "t").call(&no_context(), "work", &json!({})));
    gate.entered(1).await;
    let begun = Instant::now();
    handle.stop();
    let stopped = handle.wait(Duration::from_secs(7)).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(7));
    assert_eq!((stopped.finished, stopped.aborted), (0, 1));
    assert_eq!(gate.left(), 1, "the handler's future was dropped");
    call.abort();
    // Asked again, it says the same at once.
    assert_eq!(handle.wait(PLENTY).await, stopped);
}

#[tokio::test(start_paused = true)]
async fn the_stop_limit_applies_where_nobody_waits() {
    let transport = transport();
    let gate = Gate::new();
    let limit = Duration::from_secs(3);
    let handle =
        server(&transport, "t", gate.handler()).stop_limit(limit).build().unwrap().start().await.unwrap();
    let _call = tokio::spawn(client(&transport, "t").call(&no_context(), "work", &json!({})));
    gate.entered(1).await;
    let begun = Instant::now();
    handle.stop();
    handle.stop();
    assert_eq!(handle.wait(PLENTY).await.aborted, 1);
    assert_eq!(begun.elapsed(), limit);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_not_out_in_time_are_told() {
    let broker = MemoryBroker::new();
    let double = Double::on(&broker);
    double.hold_replies(true);
    let gate = Gate::new();
    let handle = server(&double.transport(), "t", gate.handler()).build().unwrap().start().await.unwrap();
    let caller = client(&transport_on(&broker), "t");
    let _calls: Vec<_> =
        (0..3).map(|_| tokio::spawn(caller.call(&no_context(), "work", &json!({})))).collect();
    gate.entered(3).await;
    handle.stop();
    gate.open();
    let stopped = handle.wait(Duration::from_secs(7)).await;
    assert_eq!((stopped.finished, stopped.aborted, stopped.unanswered), (3, 0, 3));
}

#[tokio::test]
async fn wait_waits_for_a_stop() {
    let transport = transport();
    let handle = server(&transport, "t", echo).build().unwrap().start().await.unwrap();
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait(Duration::ZERO).await }
    });
    client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
    assert!(!waiting.is_finished());
    handle.stop();
    assert_eq!(waiting.await.unwrap(), handle.wait(PLENTY).await);
}

#[tokio::test]
async fn a_server_starts_again_after_a_stop() {
    let transport = transport();
    let server = server(&transport, "t", echo).build().unwrap();
    for _ in 0..3 {
        let handle = server.start().await.unwrap();
        client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
        handle.stop();
        handle.wait(PLENTY).await;
    }
}

#[tokio::test]
async fn stopping_one_server_leaves_the_others_and_the_clients() {
    let transport = transport();
    let mut handles = Vec::new();
    for name in ["a", "b"] {
        let handler =
            move |_: DynRequest| async move { Ok::<_, oslo_messaging::error::RemoteFailure>(json!(name)) };
        let server = RpcServer::builder(&transport, Target::server("t", name))
            .endpoint(DynEndpoint::new(handler))
            .build();
        handles.push(server.unwrap().start().await.unwrap());
    }
    let other = server(&transport, "other", echo).build().unwrap().start().await.unwrap();
    handles[0].stop();
    handles[0].wait(PLENTY).await;
    for _ in 0..4 {
        let answer = client(&transport, "t").call(&no_context(), "show", &json!({})).await.unwrap();
        assert_eq!(answer.decode::<Value>().unwrap(), json!("b"));
    }
    client(&transport, "other").call(&no_context(), "show", &json!({})).await.unwrap();
    assert_eq!(other.stats().succeeded, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_run_twice_while_servers_come_and_go() {
    const CASTS: usize = 400;
    let broker = MemoryBroker::new();
    let (told, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let casting = transport_on(&broker);
    // Makes the queue that outlives its servers.
    let keeper = server(&casting, "t", echo).build().unwrap();
    let handle = keeper.start().await.unwrap();
    handle.stop();
    handle.wait(PLENTY).await;
    let casts = tokio::spawn(async move {
        let client = client(&casting, "t");
        for n in 0..CASTS {
            client.cast(&no_context(), "work", &json!({ "n": n })).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    let serving = tokio::spawn(async move {
        let transport = transport_on(&broker);
        loop {
            let told = told.clone();
            let handler = move |request: DynRequest| {
                let told = told.clone();
                async move {
                    tokio::task::yield_now().await;
                    let _ = told.send(request.args["n"].as_u64().unwrap());
                    Ok(Value::Null)
                }
            };
            let server = server(&transport, "t", handler).concurrency(2).build().unwrap();
            let handle = server.start().await.unwrap();
            while handle.stats().succeeded < 5 && broker.queue("t").unwrap().messages > 0 {
                tokio::task::yield_now().await;
            }
            handle.stop();
            assert_eq!(handle.wait(PLENTY).await.aborted, 0);
        }
    });
    let mut ran = Vec::new();
    while ran.len() < CASTS {
        ran.push(seen.recv().await.unwrap());
    }
    casts.await.unwrap();
    serving.abort();
    ran.sort_unstable();
    assert_eq!(ran, (0..CASTS as u64).collect::<Vec<_>>());
}
