//! Rows X: sizes, numbers and mixtures beside the checklist.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::error::{CallError, NotSentReason, Ran};
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::target::Target;
use oslo_messaging::transport::Health;
use oslo_messaging::{ConnectOptions, Context, Transport};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::broker::Broker;
use tests::journal::Journal;
use tests::python::PythonClient;
use tests::raw::{Raw, Taken};
use tests::rust_peer::{FunctionalClient, FunctionalError, RustServer, connect};
use tests::site::Site;
use tests::wait::{eventually, within};
use tokio::sync::watch;
use tokio::task::JoinSet;

const MEBIBYTE: usize = 1 << 20;

fn functional(site: &Site) -> FunctionalClient {
    FunctionalClient::new(site.transport(), Target::topic(&site.topic))
}

#[tokio::test]
async fn x01_server_echoes_a_mebibyte() {
    let site = Site::new("x01s").await;
    let _server = site.rust_server().await;
    let client = site.python_client().await;
    let text = "é".repeat(MEBIBYTE / 2);
    assert_eq!(client.call(site.target(), "echo", json!({"x": text})).result().await, text);
}

#[tokio::test]
async fn x01_client_exchanges_a_mebibyte() {
    let site = Site::new("x01c").await;
    let _server = site.python_server().await;
    let text = json!("é".repeat(MEBIBYTE / 2));
    assert_eq!(functional(&site).test(&Context::new(), text.clone()).await.unwrap(), text);
}

#[tokio::test]
async fn x02_server_answers_a_thousand_concurrent_python_calls() {
    let site = Site::new("x02s").await;
    let server = site.rust_server().await;
    let client = site.python_client().await;
    let calls = (0..1000).map(|number| client.call(site.target(), "echo", json!({"x": number})).result());
    let answers = join_all(calls).await;
    assert!(answers.iter().enumerate().all(|(number, answer)| answer == number), "each gets its own answer");
    assert_eq!(server.count("echo"), 1000);
}

#[tokio::test]
async fn x02_client_makes_a_thousand_concurrent_calls() {
    let site = Site::new("x02c").await;
    let server = site.python_server().await;
    let (client, ctx) = (functional(&site), Context::new());
    let answers = join_all((0..1000).map(|number| client.test(&ctx, json!(number)))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), number, "each gets its own answer");
    }
    assert_eq!(server.requests_of("test").await.len(), 1000);
}

#[tokio::test]
async fn x03_two_rust_and_two_python_servers_share_a_topic() {
    let site = Site::new("x03").await;
    let _python = site.python_servers(&["p1", "p2"]).await;
    let _rust = join_all(["r1", "r2"].map(|name| site.rust_server_called(name))).await;
    let (rust, ctx) = (functional(&site), Context::new());
    let python = site.python_client().await;
    let mut answered: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..20 {
        *answered.entry(rust.whoami(&ctx).await.unwrap()).or_default() += 1;
        let server = python.call(site.target(), "whoami", json!({})).result().await;
        *answered.entry(server.as_str().unwrap().to_owned()).or_default() += 1;
    }
    // One queue and consumers that are all ready: RabbitMQ serves them in turn.
    let expected = ["p1", "p2", "r1", "r2"].map(|server| (server.to_owned(), 10));
    assert_eq!(answered, BTreeMap::from(expected));
}

/// What became of a call, by the number that it sent.
type Outcomes = BTreeMap<u64, Result<Value, CallError<FunctionalError>>>;

/// Calls one number after the other, from `first` on in steps of `step`, until told that it is enough.
async fn call_on(client: FunctionalClient, first: u64, step: u64, enough: watch::Receiver<bool>) -> Outcomes {
    let (ctx, mut outcomes) = (Context::new(), Outcomes::new());
    for number in (first..).step_by(step as usize) {
        if *enough.borrow() {
            break;
        }
        let call = client.test(&ctx, json!(number)).timeout(Duration::from_secs(5));
        outcomes.insert(number, call.await);
    }
    outcomes
}

#[tokio::test]
async fn x04_client_outlives_a_stop_and_a_kill_of_its_python_server() {
    const WORKERS: u64 = 3;
    let site = Site::new("x04").await;
    let (client, ctx) = (functional(&site), Context::new());
    let first = site.python_server().await;
    client.none(&ctx).await.unwrap();
    let (enough, is_enough) = watch::channel(false);
    let mut calling = JoinSet::new();
    for worker in 0..WORKERS {
        calling.spawn(call_on(client.clone(), worker, WORKERS, is_enough.clone()));
    }
    let mut events = vec![first.events()];
    first.wait_for(10, "test").await;

    // What runs when a server stops is answered; the others' calls go on meanwhile.
    let running = client.delay(&ctx, 1.0);
    let stop = async {
        first.wait_for(1, "delay").await;
        first.stop().await;
    };
    let (running, ()) = tokio::join!(running, stop);
    assert_eq!(running.unwrap(), 1.0);
    let second = site.python_server().await;
    events.push(second.events());
    second.wait_for(10, "test").await;

    // What runs when a server is killed may have run, and nobody runs it again.
    let timed = client.wait_at(&ctx, "timed").timeout(Duration::from_secs(5));
    let monitored = client.wait_at(&ctx, "monitored").call_monitor(Duration::from_secs(2));
    let kill = async {
        second.wait_for(2, "wait_at").await;
        second.kill().await;
    };
    let (timed, monitored, ()) = tokio::join!(timed, monitored.timeout(Duration::from_secs(60)), kill);
    let (timed, monitored) = (timed.unwrap_err(), monitored.unwrap_err());
    assert!(matches!(timed, CallError::Timeout(_)) && timed.ran() == Ran::Maybe, "{timed:?}");
    assert!(matches!(monitored, CallError::ServerLost(_)) && monitored.ran() == Ran::Maybe, "{monitored:?}");
    let third = site.python_server().await;
    events.push(third.events());
    third.wait_for(10, "test").await;
    enough.send_replace(true);
    let outcomes: Outcomes = calling.join_all().await.into_iter().flatten().collect();
    third.stop().await;
    agree(&outcomes, &events).await;
}

/// What callers were told is what the servers have written down.
async fn agree(outcomes: &Outcomes, servers: &[Journal<Value>]) {
    let mut ran: BTreeMap<u64, u32> = BTreeMap::new();
    for events in servers {
        let ended = |event: &Value| (event["event"] == "ended").then_some(());
        events.next(Duration::from_secs(60), "a server's end", ended).await;
        for request in events.matching(|event| event["event"] == "request" && event["method"] == "test") {
            *ran.entry(request["args"]["echo"].as_u64().unwrap()).or_default() += 1;
        }
    }
    for (number, outcome) in outcomes {
        let times = ran.remove(number).unwrap_or_default();
        match outcome {
            Ok(answer) => assert_eq!((answer, times), (&json!(number), 1), "call {number}"),
            Err(error) => match error.ran() {
                Ran::Maybe => assert!(times <= 1, "call {number} ran {times} times: {error}"),
                Ran::No => assert_eq!(times, 0, "call {number}: {error}"),
                Ran::Yes => panic!("call {number}: {error}"),
            },
        }
    }
    assert!(ran.is_empty(), "nobody called {ran:?}");
    let answered = outcomes.values().filter(|outcome| outcome.is_ok()).count();
    assert!(answered >= 20, "only {answered}: too few to show anything");
}

#[tokio::test]
async fn x05_client_does_not_mistake_a_handlers_type_error_for_a_refusal() {
    let site = Site::new("x05").await;
    let server = site.python_server().await;
    let client = RpcClient::new(site.transport(), Target::topic(&site.topic));
    let call =
        client.call(&Context::new(), "raise_own_type_error", &json!({})).timeout(Duration::from_secs(30));
    let error = call.await.unwrap_err();
    let CallError::Remote(failure) = &error else { panic!("{error:?}") };
    assert_eq!((failure.module.as_str(), failure.class.as_str()), ("builtins", "TypeError"));
    assert_eq!(error.ran(), Ran::Yes);
    assert_eq!(server.requests_of("raise_own_type_error").await.len(), 1);
}

/// With durable queues nobody has to ask twice: calls that Rust and Python make while there is no broker wait for it, and
/// meet the queue whoever is back first.
#[tokio::test]
async fn x06_rust_and_python_outlive_a_killed_broker() {
    let node = Broker::private().await;
    let site = Site::on(&node, "x06").await;
    let url = format!("{}?amqp_durable_queues=true", site.url);
    let _rust = RustServer::builder(&url, &site.topic, "server1").start().await;
    let transport = connect(&url);
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    let conf = json!({"oslo_messaging_rabbit.amqp_durable_queues": true});
    let python = PythonClient::start_with(json!({"url": site.url, "conf": conf})).await;
    assert_eq!(client.test(&ctx, json!("before")).await.unwrap(), "before");
    assert_eq!(python.call(site.target(), "echo", json!({"x": "before"})).result().await, "before");

    let mut health = transport.watch_health();
    node.kill().await;
    let lost = health.wait_for(|health| !health.is_ready());
    drop(within(Duration::from_secs(30), "the loss is noticed", lost).await.unwrap());
    let rust_calls = client.test(&ctx, json!("meanwhile")).timeout(Duration::from_secs(240));
    let python_calls = python.call(site.target(), "echo", json!({"x": "meanwhile"})).with("timeout", 240);
    let (rust, python, ()) = tokio::join!(rust_calls, python_calls.result(), node.start());
    assert_eq!((rust.unwrap(), python), (json!("meanwhile"), json!("meanwhile")));
}

#[tokio::test]
async fn x07_client_is_told_that_the_broker_blocks_it() {
    let node = Broker::private().await;
    let site = Site::on(&node, "x07").await;
    let server = site.rust_server().await;
    let transport = site.transport();
    let (client, ctx) = (FunctionalClient::new(&transport, Target::topic(&site.topic)), Context::new());
    client.none(&ctx).await.unwrap();
    let mut options = ConnectOptions::default();
    options.rabbit.fail_when_blocked = true;
    let impatient = Transport::connect_with(&site.url.parse().unwrap(), options).unwrap();
    let mut impatient_health = impatient.watch_health();
    let impatient = FunctionalClient::new(&impatient, Target::topic(&site.topic));
    impatient.none(&ctx).await.unwrap();
    node.raise_alarm().await;
    let mut health = transport.watch_health();
    // RabbitMQ tells a publisher of the alarm only when it publishes.
    let error = client.none(&ctx).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_ne!(error.ran(), Ran::Yes, "{error:?}");
    let blocked = health.wait_for(|health| matches!(health, Health::Blocked { .. }));
    drop(within(Duration::from_secs(30), "blocked", blocked).await.unwrap());
    let long = tokio::spawn(client.none(&ctx).timeout(Duration::from_secs(240)));
    let error = client.none(&ctx).timeout(Duration::from_secs(1)).await.unwrap_err();
    let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
    assert!(matches!(refusal.reason, NotSentReason::Blocked(_)), "{error:?}");
    // Asked to, the driver does not wait for the alarm's end.
    let told = impatient.none(&ctx).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert_ne!(told.ran(), Ran::Yes, "{told:?}");
    let blocked = impatient_health.wait_for(|health| matches!(health, Health::Blocked { .. }));
    drop(within(Duration::from_secs(30), "blocked", blocked).await.unwrap());
    let call = impatient.none(&ctx).timeout(Duration::from_secs(600));
    let error = within(Duration::from_secs(30), "the call ends at once", call).await.unwrap_err();
    let CallError::NotSent(refusal) = &error else { panic!("{error:?}") };
    assert!(matches!(refusal.reason, NotSentReason::Blocked(_)), "{error:?}");
    // What has waited for a second is not kept for four minutes more.
    server.stop().await;
    node.clear_alarm().await;
    let raw = Raw::connect(&site.host).await;
    // The first one, which had left before the broker blocked, may be there too.
    let is_long = |taken: &Taken| taken.expiration.is_some_and(|left| left > 5_000);
    let take = || async { raw.take_whole(&site.topic).await.filter(is_long).ok_or("not there") };
    let kept = eventually(Duration::from_secs(30), "the request in its queue", take).await;
    assert!(kept.expiration.is_some_and(|left| left <= 239_000), "{:?}", kept.expiration);
    long.abort();
    let _server = site.rust_server().await;
    client.none(&ctx).await.unwrap();
    let freed = impatient_health.wait_for(Health::is_ready);
    drop(within(Duration::from_secs(30), "unblocked", freed).await.unwrap());
    impatient.none(&ctx).await.unwrap();
}
