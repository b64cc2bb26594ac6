//! Connections to RabbitMQ: what is told apart, what comes back, what survives a handler's or another server's behaviour.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::drivers::rabbit::{RabbitDriver, RabbitOptions};
use oslo_messaging::error::{NotSentReason, RemoteFailure};
use oslo_messaging::id::MessageId;
use oslo_messaging::rpc::{RpcClient, RpcServer, ServerHandle, StartError};
use oslo_messaging::transport::{
    AckMode, ConnectFailureKind, Delivery, Driver, DriverError, Health, Publish, Route, Sink, Subscription,
};
use oslo_messaging::wire::Properties;
use oslo_messaging::{CallError, CastError, ConnectOptions, Context, Ran, Target, Transport, endpoint};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::broker::Broker;
use tests::journal::Journal;
use tests::log::Log;
use tests::proxy::{Flow, Proxy, Record};
use tests::rust_peer::connect;
use tests::site::Site;
use tests::wait::{eventually, within};
use tokio::net::TcpSocket;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

const LIMIT: Duration = Duration::from_secs(30);

/// A server that returns its arguments and notes them.
async fn echo(transport: &Transport, topic: &str, name: &str) -> (ServerHandle, Journal<Value>) {
    echo_at(transport, Target::server(topic, name)).await
}

async fn echo_at(transport: &Transport, target: Target) -> (ServerHandle, Journal<Value>) {
    let journal = Journal::new();
    let noted = journal.clone();
    let endpoint = DynEndpoint::new(move |request: DynRequest| {
        let noted = noted.clone();
        async move {
            let args = serde_json::to_value(&request.args).unwrap();
            noted.push(args.clone());
            Ok::<_, RemoteFailure>(args)
        }
    });
    let server = RpcServer::builder(transport, target).endpoint(endpoint).build().unwrap();
    (server.start().await.unwrap(), journal)
}

/// An address at which nobody listens, and nobody else will while the socket is kept: it is bound and does not listen.
fn nobodys_port() -> (TcpSocket, std::net::SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Calls until it is answered: what a user's retry of errors that say `ran: no` comes to.
async fn call_until_answered(client: &RpcClient, number: u64) -> Value {
    within(LIMIT, "a call after a fault", async {
        loop {
            match client.call(&Context::new(), "echo", &json!({ "n": number })).await {
                Ok(answer) => return answer.decode().unwrap(),
                Err(error) => assert_eq!(error.ran(), Ran::No, "{error}"),
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

#[tokio::test]
async fn wrong_password_missing_virtual_host_and_absent_broker_are_told_apart() {
    let site = Site::new("apart").await;
    let address = site.host.broker().address();
    let (_kept, free) = nobodys_port();
    for (url, expected) in [
        (format!("rabbit://guest:not-the-password@{address}/"), ConnectFailureKind::AuthenticationFailed),
        (
            format!("rabbit://guest:guest@{address}/no-such-virtual-host"),
            ConnectFailureKind::VirtualHostRefused,
        ),
        (format!("rabbit://guest:guest@{free}/"), ConnectFailureKind::Unreachable),
    ] {
        let transport = Transport::connect(&url).unwrap();
        let mut health = transport.watch_health();
        let failed = |health: &Health| matches!(health, Health::Connecting { last: Some(_), .. });
        within(LIMIT, &url, health.wait_for(failed)).await.unwrap();
        let error = transport.ready(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), Some(expected), "{error}");
        assert!(!error.to_string().contains("not-the-password"), "{error}");
        transport.close(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_call_says_why_no_broker_was_reached_and_that_it_has_not_run() {
    let (_kept, free) = nobodys_port();
    let transport = Transport::connect(format!("rabbit://{free}/")).unwrap();
    let client = RpcClient::new(&transport, Target::topic("t"));
    let call = client.call(&Context::new(), "m", &json!({})).timeout(Duration::from_secs(3));
    let error = within(LIMIT, "the call ends", call).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()), "names the host: {error}");
}

/// Outages last; what is tried in vain meanwhile must not add up.
#[test]
fn what_is_tried_in_vain_leaves_nothing_behind() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_kept, free) = nobodys_port();
    // Several hosts are tried at once after each other.
    let url = format!("rabbit://{}/", vec![free.to_string(); 16].join(","));
    runtime.block_on(async {
        let mut options = ConnectOptions::default();
        options.rabbit.io_in_caller_runtime = true;
        let transport = Transport::connect_with(&url.parse().unwrap(), options).unwrap();
        let endpoint = DynEndpoint::new(|_: DynRequest| async { Ok::<_, RemoteFailure>(Value::Null) });
        let server = RpcServer::builder(&transport, Target::server("t", "one"))
            .endpoint(endpoint)
            .start_timeout(Duration::from_millis(5))
            .build()
            .unwrap();
        for _ in 0..16 {
            let error = server.start().await.unwrap_err();
            assert!(matches!(error, StartError::Driver(DriverError::Unreachable { .. })), "{error}");
        }
        let tried = |health: &Health| matches!(health, Health::Connecting { attempts: 32.., .. });
        let mut health = transport.watch_health();
        within(LIMIT, "attempts", health.wait_for(tried)).await.unwrap();
        eventually(LIMIT, "only the transport's own tasks are left", || async {
            match tokio::runtime::Handle::current().metrics().num_alive_tasks() {
                0..12 => Ok(()),
                tasks => Err(tasks),
            }
        })
        .await;
    });
}

/// A peer that takes connections and says nothing: a paused machine, a load balancer without a broker behind it.
#[test]
fn a_silent_peer_is_let_go() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rabbit://{}/", silent.local_addr().unwrap());
    runtime.block_on(async {
        let mut options = ConnectOptions::default();
        options.rabbit.io_in_caller_runtime = true;
        let transport = Transport::connect_with(&url.parse().unwrap(), options).unwrap();
        let mut health = transport.watch_health();
        let failed = |health: &Health| matches!(health, Health::Connecting { attempts: 1.., .. });
        within(LIMIT, "an attempt fails", health.wait_for(failed)).await.unwrap();
        let (mut peer, _) = silent.accept().unwrap();
        let mut greeting = Vec::new();
        peer.set_read_timeout(Some(LIMIT)).unwrap();
        std::io::Read::read_to_end(&mut peer, &mut greeting).expect("the end of the connection");
        assert!(greeting.starts_with(b"AMQP"));
        transport.close(LIMIT).await;
    });
}

#[tokio::test]
async fn a_close_waits_no_longer_than_what_waits_for_a_broker() {
    let (_kept, free) = nobodys_port();
    let transport = Transport::connect(format!("rabbit://{free}/")).unwrap();
    let client = RpcClient::new(&transport, Target::topic("t"));
    let cast = client.cast(&Context::new(), "m", &json!({})).timeout(Duration::from_millis(300));
    // The transport is asked for its close while the cast waits.
    let (sent, ()) =
        within(LIMIT, "the close", async { tokio::join!(cast, transport.close(2 * LIMIT)) }).await;
    assert_eq!(sent.unwrap_err().ran(), Ran::No);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_broker_is_found_again_by_server_and_client() {
    let broker = Broker::private().await;
    let site = Site::on(&broker, "restart").await;
    let transport = site.transport();
    let (_server, journal) = echo(&transport, &site.topic, "one").await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    assert_eq!(call_until_answered(&client, 1).await, json!({"n": 1}));
    broker.kill().await;
    let mut health = transport.watch_health();
    within(LIMIT, "the loss is seen", health.wait_for(|health| !health.is_ready())).await.unwrap();
    broker.start().await;
    assert_eq!(call_until_answered(&client, 2).await, json!({"n": 2}));
    assert_eq!(journal.matching(|args| args["n"] == 2).len(), 1, "what failed before has not run");
}

#[tokio::test]
async fn the_next_host_of_the_list_is_tried() {
    let site = Site::new("hosts").await;
    let (_kept, free) = nobodys_port();
    let (_, rest) = site.url.split_once("://").unwrap();
    let (host, virtual_host) = rest.rsplit_once('/').unwrap();
    for hosts in [format!("guest:guest@{free},{host}"), format!("{host},guest:guest@{free}")] {
        let transport = Transport::connect(format!("rabbit://{hosts}/{virtual_host}")).unwrap();
        within(LIMIT, "ready over the living host", transport.ready(LIMIT)).await.unwrap();
        transport.close(Duration::from_secs(1)).await;
    }
}

/// A runtime whose every worker is blocked must not cost the connection its heartbeats: the broker would close it after
/// two missed intervals.
#[test]
fn handlers_that_block_every_worker_do_not_cost_the_connection() {
    block_every_worker(|_, url| Transport::connect(url).unwrap());
}

/// By then the runtime has the connection's I/O, for the transport was made on it, and few messages are under way.
#[test]
fn handlers_that_block_every_worker_do_not_cost_the_connection_that_they_were_lent() {
    block_every_worker(|runtime, url| runtime.block_on(async { Transport::connect(url).unwrap() }));
}

fn block_every_worker(connect: impl FnOnce(&tokio::runtime::Runtime, &str) -> Transport) {
    let helper = tokio::runtime::Runtime::new().unwrap();
    let site = helper.block_on(Site::new("blocking"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // At a threshold of 4 s the broker sends a heartbeat every 2 s and bears 8 s of silence. Its own pass the proxy.
    let proxy = helper.block_on(Proxy::start(site.host.broker().address()));
    let url = format!("{}?heartbeat_timeout_threshold=4", site.host.url_at(proxy.address()));
    let transport = connect(&runtime, &url);
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let endpoint = DynEndpoint::new(move |request: DynRequest| {
        let (begun, released) = (begun.clone(), Arc::clone(&released));
        async move {
            if request.method == "block" {
                begun.send(()).unwrap();
                released.lock().unwrap().recv().unwrap();
            }
            Ok::<_, RemoteFailure>(Value::Null)
        }
    });
    let server = RpcServer::builder(&transport, Target::server(&site.topic, "one"))
        .endpoint(endpoint)
        .build()
        .unwrap();
    let _handle = runtime.block_on(server.start()).unwrap();
    let client = RpcClient::new(helper.block_on(async { site.transport() }), Target::topic(&site.topic));
    let answer = helper.spawn(async move {
        for _ in 0..200 {
            client.call(&Context::new(), "answer", &json!({})).await?;
        }
        client.call(&Context::new(), "block", &json!({})).await
    });
    has_begun.recv_timeout(LIMIT).unwrap();
    let consuming = proxy.sent("basic.consume")[0].connection;
    let blocked_since = proxy.records().len();
    // Both have had to send some, for longer than the broker bears silence.
    let beats = || async {
        let since = proxy.records().after(blocked_since);
        let count = |wanted: fn(&Record) -> bool| {
            since.iter().filter(|record| record.connection == consuming && wanted(record)).count()
        };
        let beats = (count(|record| record.received("heartbeat")), count(|record| record.sent("heartbeat")));
        if beats.0 >= 5 && beats.1 >= 3 { Ok(()) } else { Err(beats) }
    };
    helper.block_on(eventually(LIMIT, "heartbeats of the broker and of the connection", beats));
    let ended = proxy.records().matching(|record| record.method == "tcp.end");
    assert!(ended.is_empty(), "the connection was lost: {:?}", transport.health());
    assert_eq!(transport.stats().connections_lost, 0);
    release.send(()).unwrap();
    helper.block_on(answer).unwrap().unwrap();
}

/// A network that lets nothing through does not make a stop longer than its user waits for it.
#[tokio::test]
async fn a_stop_waits_for_a_silent_broker_no_longer_than_asked() {
    let site = Site::new("silent").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport =
        Transport::connect(site.url.replace(site.host.broker().address(), proxy.address())).unwrap();
    let (server, _) = echo(&transport, &site.topic, "one").await;
    proxy.set_flow(Flow::Hold, Flow::Hold);
    server.stop();
    // A second, and five more in which the broker may yet say that it has closed the queues.
    within(LIMIT, "the stop", server.wait(Duration::from_secs(1))).await;
}

#[tokio::test]
async fn stopping_one_server_of_a_transport_leaves_the_others() {
    let site = Site::new("others").await;
    let transport = site.transport();
    let (one, _) = echo(&transport, &site.topic, "one").await;
    let (_two, journal) = echo(&transport, &site.topic, "two").await;
    one.stop();
    one.wait(LIMIT).await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    for number in 0..4 {
        assert_eq!(call_until_answered(&client, number).await, json!({ "n": number }));
    }
    assert_eq!(journal.all().len(), 4);
    eventually(LIMIT, "one connection publishes, one consumes", || async {
        let connections = site.host.connections().await.len();
        if connections == 2 { Ok(()) } else { Err(connections) }
    })
    .await;
}

/// A channel that the broker closes is one role's loss, not the connection's.
#[tokio::test]
async fn what_the_broker_refuses_costs_no_connection() {
    let site = Site::new("refusals").await;
    let other = |name: &str| Target::server("shared", "one").with_exchange(name);
    let endpoint = || DynEndpoint::new(|_: DynRequest| async { Ok::<_, RemoteFailure>(Value::Null) });
    let durable = Transport::connect(format!("{}?amqp_durable_queues=true", site.url)).unwrap();
    let server = RpcServer::builder(&durable, other("durable")).endpoint(endpoint()).build().unwrap();
    // Its queues stay when it goes.
    let server = server.start().await.unwrap();
    server.stop();
    server.wait(LIMIT).await;
    let transport = site.transport();
    let (_server, _) = echo(&transport, &site.topic, "one").await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    assert_eq!(call_until_answered(&client, 1).await, json!({"n": 1}));
    let mut health = transport.watch_health();
    health.borrow_and_update();
    let refused = RpcServer::builder(&transport, other("transient")).endpoint(endpoint()).build().unwrap();
    let error = refused.start().await.unwrap_err();
    assert!(matches!(&error, StartError::Driver(DriverError::Refused { .. })), "{error}");
    let missing = Route::Topic { exchange: "openstack".into(), topic: "missing".into() };
    assert_eq!(transport.driver().inspect(&missing).await, None);
    // Both connections have told what they had to tell once these have crossed them.
    assert_eq!(call_until_answered(&client, 2).await, json!({"n": 2}));
    let (_server, _) = echo(&transport, &site.topic, "two").await;
    assert!(!health.has_changed().unwrap(), "{:?}", transport.health());
    assert_eq!(transport.stats().connections_lost, 0);
}

#[test]
fn a_closed_transport_leaves_no_task_in_the_runtime_of_its_user() {
    let helper = tokio::runtime::Runtime::new().unwrap();
    let site = helper.block_on(Site::new("tasks"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = ConnectOptions::default();
        options.rabbit.io_in_caller_runtime = true;
        // The task that sends heartbeats looks up once an interval.
        let url = format!("{}?heartbeat_timeout_threshold=2", site.url);
        let transport = Transport::connect_with(&url.parse().unwrap(), options).unwrap();
        let (server, _) = echo(&transport, &site.topic, "one").await;
        let client = RpcClient::new(&transport, Target::topic(&site.topic));
        assert_eq!(call_until_answered(&client, 1).await, json!({"n": 1}));
        server.stop();
        server.wait(LIMIT).await;
        transport.close(LIMIT).await;
        drop((server, client, transport));
        eventually(LIMIT, "all tasks end", || async {
            match tokio::runtime::Handle::current().metrics().num_alive_tasks() {
                0 => Ok(()),
                tasks => Err(tasks),
            }
        })
        .await;
    });
}

/// What waits for a declaration has its own deadline, and nothing of it has left.
#[tokio::test]
async fn a_declaration_without_an_answer_delays_nothing_beyond_its_deadline() {
    let site = Site::new("undeclared").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = connect(&site.host.url_at(proxy.address()));
    let (_server, journal) = echo(&site.transport(), &site.topic, "one").await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    assert_eq!(call_until_answered(&client, 1).await, json!({"n": 1}));
    proxy.set_flow(Flow::Pass, Flow::Hold);
    let (context, args) = (Context::new(), json!({"n": 2}));
    let cast = client.cast(&context, "echo", &args).exchange("another").timeout(Duration::from_secs(3));
    let error = within(LIMIT, "the cast ends", cast).await.unwrap_err();
    assert!(matches!(error, CastError::NotSent(_)), "{error:?}");
    assert!(error.to_string().contains("has not answered the declaration"), "{error}");
    proxy.set_flow(Flow::Pass, Flow::Pass);
    assert_eq!(call_until_answered(&client, 3).await, json!({"n": 3}));
    assert_eq!(journal.len(), 2, "what was not sent does not come");
}

/// A user without the permission to make reply queues is told so, and not that time has run out.
#[tokio::test]
async fn a_refused_reply_queue_ends_the_calls_that_need_one() {
    let site = Site::new("noreply").await;
    let (_server, _) = echo(&site.transport(), &site.topic, "one").await;
    let user = site.host.user(["openstack", ".*", ".*"]).await;
    let transport = connect(&user.url());
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    for _ in 0..2 {
        let call = client.call(&Context::new(), "echo", &json!({})).timeout(2 * LIMIT);
        let error = within(LIMIT, "the call ends before its deadline", call).await.unwrap_err();
        assert_eq!(error.ran(), Ran::No);
        let text = error.to_string();
        for words in ["403", "ACCESS_REFUSED", "reply_", "permission"] {
            assert!(text.contains(words), "no `{words}` in: {text}");
        }
        assert!(matches!(&error, CallError::NotSent(e) if matches!(e.reason, NotSentReason::Refused { .. })));
    }
    client.cast(&Context::new(), "echo", &json!({})).await.unwrap();
    // Given the permission, calls work without a new connection.
    user.permit([".*", ".*", ".*"]).await;
    let answered = || async {
        client.call(&Context::new(), "echo", &json!({})).await.map(drop).map_err(|error| error.to_string())
    };
    eventually(LIMIT, "calls work with the permission", answered).await;
    assert_eq!(transport.stats().connections_lost, 0);
}

/// A broker that lets everybody in and throws them out at once, first in a list of two.
#[tokio::test]
async fn a_host_that_drops_its_connections_at_once_is_left_for_the_next() {
    let site = Site::new("dropping").await;
    let (_server, _) = echo(&site.transport(), &site.topic, "one").await;
    let dropping = Proxy::start(site.host.broker().address()).await;
    let (_, rest) = site.url.split_once("://").unwrap();
    let (host, virtual_host) = rest.rsplit_once('/').unwrap();
    let url = format!("rabbit://guest:guest@{},{host}/{virtual_host}", dropping.address());
    let topic = site.topic.as_str();
    // Which host is first is chosen at random: some of these meet the dropping one.
    let calls = (0..8).map(|number| {
        let transport = connect(&url);
        async move {
            let client = RpcClient::new(&transport, Target::topic(topic));
            call_until_answered(&client, number).await
        }
    });
    let drops = async {
        let mut last = 0;
        loop {
            let open = |record: &Record| {
                (record.connection > last && record.sent("channel.open")).then_some(record.connection)
            };
            last = dropping.records().next(2 * LIMIT, "a connection", open).await;
            dropping.kill_connections();
        }
    };
    tokio::select! {
        answers = join_all(calls) => assert_eq!(answers.len(), 8),
        () = drops => unreachable!(),
    }
    assert!(!dropping.sent("channel.open").is_empty(), "nobody has met the dropping host");
}

/// The exchange of a fanout goes with its last queue; whoever has declared it before must declare it again.
#[tokio::test]
async fn a_fanout_that_nobody_listens_to_any_more_hurts_nothing() {
    let site = Site::new("left").await;
    let (theirs, ours) = (site.transport(), site.transport());
    let (_stays, _) = echo(&ours, "stays", "one").await;
    let stays = RpcClient::new(&ours, Target::topic("stays"));
    let leaves = RpcClient::new(&ours, Target::topic(&site.topic));
    for round in 0..3 {
        let (server, journal) = echo(&theirs, &site.topic, "one").await;
        let cast = |number: u64| leaves.cast(&Context::new(), "echo", &json!({ "n": number })).fanout();
        cast(round).await.unwrap();
        journal.first(1, LIMIT, "the fanout", |args| args["n"] == round).await;
        server.stop();
        server.wait(LIMIT).await;
        // Several at a time: all of them meet the missing exchange.
        let casts = (0..8).map(|number| cast(100 + number).into_future());
        let calls = (0..8).map(|_| stays.call(&Context::new(), "echo", &json!({})).into_future());
        let (casts, calls) = tokio::join!(join_all(casts), join_all(calls));
        casts.into_iter().for_each(|cast| cast.unwrap());
        for call in calls {
            call.unwrap();
        }
    }
}

/// With auto-delete, exchange and queues go with their last server. A client that has declared the exchange before learns at
/// once that nobody is there, and finds the next server.
#[tokio::test]
async fn a_topic_exchange_that_goes_with_its_server_is_declared_again() {
    let site = Site::new("gone").await;
    let url = format!("{}?amqp_auto_delete=true", site.url);
    let (theirs, ours) = (connect(&url), connect(&url));
    let client = RpcClient::new(&ours, Target::topic(&site.topic));
    for round in 0..3 {
        let (server, _) = echo(&theirs, &site.topic, "one").await;
        assert_eq!(call_until_answered(&client, round).await, json!({ "n": round }));
        server.stop();
        server.wait(LIMIT).await;
        site.host.only_exchanges(&[]).await;
        if round == 1 {
            let cast = within(LIMIT, "a cast", client.cast(&Context::new(), "echo", &json!({}))).await;
            assert!(matches!(cast, Err(CastError::Unroutable(_))), "{cast:?}");
        }
        let call = client.call(&Context::new(), "echo", &json!({})).timeout(2 * LIMIT);
        let error = within(LIMIT, "the call ends before its deadline", call).await.unwrap_err();
        assert!(matches!(error, CallError::Unroutable(_)), "{error:?}");
    }
}

/// A publish to an exchange that has gone ends its channel, and the broker ignores what comes over it afterwards: that is
/// sent again. None of it is lost, none arrives twice.
#[tokio::test]
async fn what_is_sent_after_a_message_to_a_gone_exchange_arrives() {
    const COUNT: u64 = 50;
    let site = Site::new("behind").await;
    let url = format!("{}?amqp_auto_delete=true", site.url);
    let (theirs, ours) = (connect(&url), connect(&url));
    let stays = RpcClient::new(&ours, Target::topic("stays").with_exchange("stays"));
    let leaves = RpcClient::new(&ours, Target::topic(&site.topic));
    let (_stays, journal) = echo_at(&theirs, Target::server("stays", "one").with_exchange("stays")).await;
    for round in 1..=3 {
        let (server, _) = echo(&theirs, &site.topic, "one").await;
        assert_eq!(call_until_answered(&leaves, round).await, json!({ "n": round }));
        server.stop();
        server.wait(LIMIT).await;
        site.host.only_exchanges(&["stays", "stays_fanout"]).await;
        let context = Context::new();
        let lost = leaves.call(&context, "echo", &json!({})).into_future();
        let casts: Vec<_> =
            (0..COUNT).map(|n| stays.cast(&context, "echo", &json!({ "n": n })).into_future()).collect();
        let (lost, casts) = within(LIMIT, "all ends", async { tokio::join!(lost, join_all(casts)) }).await;
        let error = lost.unwrap_err();
        assert!(matches!(error, CallError::Unroutable(_)), "{error:?}");
        casts.into_iter().for_each(|cast| cast.unwrap());
        let arrived = journal.first((COUNT * round) as usize, LIMIT, "the casts", |_| true).await;
        let mut numbers: Vec<_> = arrived.iter().map(|args| args["n"].as_u64().unwrap()).collect();
        numbers.sort_unstable();
        let each_once: Vec<_> = (0..COUNT).flat_map(|n| (0..round).map(move |_| n)).collect();
        assert_eq!(numbers, each_once);
    }
    assert_eq!(call_until_answered(&stays, 0).await, json!({ "n": 0 }));
    assert_eq!(journal.len() as u64, 3 * COUNT + 1, "nothing more came");
}

#[tokio::test]
async fn a_configuration_file_of_a_service_is_enough() {
    let site = Site::new("config").await;
    let folder = std::env::temp_dir().join(format!("oslo-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("nova.conf");
    let text = format!(
        "[DEFAULT]\ntransport_url = {}\ncontrol_exchange = nova\nrpc_response_timeout = 7\n\
         [oslo_messaging_rabbit]\namqp_durable_queues = true\n[database]\nconnection = mysql://\n",
        site.url
    );
    std::fs::write(&file, text).unwrap();
    let transport = Transport::from_config(&file).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(transport.options().rpc_response_timeout, Duration::from_secs(7));
    let (_server, _) = echo(&transport, &site.topic, "one").await;
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    assert_eq!(call_until_answered(&client, 1).await, json!({"n": 1}));
    let exchanges = site.host.exchanges().await;
    let nova = exchanges.iter().find(|exchange| exchange["name"] == "nova").expect("the control exchange");
    assert_eq!(nova["durable"], true);
}

/// A contract with a type that an argument may not fit.
#[endpoint(version = "1.0")]
trait Pins {
    async fn enter(&self, ctx: &Context, pin: u32) -> Result<u32, RemoteFailure>;
}

struct Keypad;

impl Pins for Keypad {
    async fn enter(&self, _: &Context, pin: u32) -> Result<u32, RemoteFailure> {
        Ok(pin)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_log_at_any_level() {
    let log = Log::default();
    let filter = EnvFilter::new(format!("trace,{}", oslo_messaging::log_filter()));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(log.clone()).with_ansi(false).init();
    let site = Site::new("secrets").await;
    // Users belong to the whole node, which may outlive this run of the test.
    let user = format!("leaky-{}", site.host.name());
    site.host.broker().ctl(&["add_user", &user, "s3cret-password"]).await;
    site.host.broker().ctl(&["set_permissions", "-p", site.host.name(), &user, ".*", ".*", ".*"]).await;
    let url = site.url.replacen("guest:guest", &format!("{user}:s3cret-password"), 1);
    assert_ne!(url, site.url);
    let transport = Transport::connect(&url).unwrap();
    let (server, _) = echo(&transport, &site.topic, "one").await;
    let context = Context::new().with("auth_token", "s3cret-token").unwrap();
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    let secret = json!({"password": "s3cret-argument"});
    client.call(&context, "echo", &secret).await.unwrap();
    client.call(&context, "_refused", &secret).await.unwrap_err();
    // What does not fit is quoted by the decoder.
    let typed = RpcServer::builder(&transport, Target::server(format!("{}-pin", site.topic), "one"))
        .endpoint(PinsEndpoint::new(Keypad))
        .build();
    let typed = typed.unwrap().start().await.unwrap();
    let pin =
        client.call(&context, "enter", &json!({"pin": "s3cret-pin"})).topic(format!("{}-pin", site.topic));
    let refused = pin.await.unwrap_err().to_string();
    assert!(refused.contains("s3cret-pin"), "{refused}");
    typed.stop();
    typed.wait(LIMIT).await;
    // Returned by the broker with its body.
    client.call(&context, "echo", &secret).topic("nowhere").await.unwrap_err();
    client.cast(&context, "echo", &secret).fanout().await.unwrap();
    let wrong = Transport::connect(url.replace("s3cret-password", "s3cret-wrong")).unwrap();
    let mut health = wrong.watch_health();
    let failed = |health: &Health| matches!(health, Health::Connecting { last: Some(_), .. });
    within(LIMIT, "a refused login", health.wait_for(failed)).await.unwrap();
    server.stop();
    server.wait(LIMIT).await;
    transport.close(Duration::from_secs(5)).await;
    wrong.close(Duration::from_secs(1)).await;
    let text = log.text();
    assert!(text.contains("oslo_messaging::rpc"), "something was logged");
    let leaks: Vec<_> = text.lines().filter(|line| line.contains("s3cret")).take(3).collect();
    assert!(leaks.is_empty(), "{leaks:#?}");
}

/// A sink that panics at every delivery.
struct Panicking;

impl Sink for Panicking {
    fn deliver(&self, _: Delivery) {
        panic!("of the test");
    }
}

/// Between one time and the next is at least half of the two seconds that a pause has by default. A busy machine makes one
/// late, and none early: each is written down before it has come to its end.
fn assert_pauses(times: &[Record]) {
    for (one, next) in times.iter().zip(&times[1..]) {
        assert!(next.at - one.at >= Duration::from_secs(1), "{:?}", next.at - one.at);
    }
}

async fn publish_to(site: &Site, route: Route) {
    let (settled, outcome) = oneshot::channel();
    let message = Publish {
        route,
        body: b"{}".to_vec(),
        properties: Properties::default(),
        unique_id: MessageId::random(),
        mandatory: true,
        answered: false,
        deadline: None,
        retry: None,
    };
    let driver = RabbitDriver::connect(&site.url.parse().unwrap(), &RabbitOptions::default()).unwrap();
    driver.publish(message, Box::new(move |told| settled.send(told).unwrap()));
    outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_consumer_that_ends_as_soon_as_it_is_there_is_set_up_less_and_less_often() {
    let site = Site::new("panicking").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let url = site.host.url_at(proxy.address()).parse().unwrap();
    let driver = RabbitDriver::connect(&url, &RabbitOptions::default()).unwrap();
    let route = Route::Topic { exchange: "openstack".into(), topic: site.topic.as_str().into() };
    let subscription = Subscription {
        routes: vec![route.clone()],
        prefetch: 1,
        ack_mode: AckMode::AfterHandling,
        label: "panicking".to_owned(),
    };
    let _consumer = driver.subscribe(subscription, Arc::new(Panicking), None).await.unwrap();
    publish_to(&site, route).await;
    let again = |record: &Record| record.sent("basic.consume");
    let consumers = proxy.records().first(4, LIMIT, "the fourth consumer", again).await;
    assert_pauses(&consumers[1..]);
}

#[tokio::test]
async fn reply_queues_that_end_as_soon_as_they_are_there_do_not_pile_up() {
    let site = Site::new("panicking-replies").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let url = site.host.url_at(proxy.address()).parse().unwrap();
    let driver = RabbitDriver::connect(&url, &RabbitOptions::default()).unwrap();
    driver.on_reply(Arc::new(Panicking));
    // Held, so that its message comes again and again.
    let address = driver.reply_address_by(None, None).await.unwrap();
    let route = Route::Reply { address: Arc::clone(&address.0) };
    publish_to(&site, route).await;
    // Each round makes a queue of its own, and consumes the old one beside it.
    let made = || async {
        let mut known = BTreeSet::new();
        let mut queues = proxy.sent("queue.declare");
        queues.retain(|record| known.insert(record.text("queue").to_owned()));
        if queues.len() >= 4 { Ok(queues) } else { Err(known) }
    };
    let queues = eventually(LIMIT, "the fourth reply queue", made).await;
    assert_pauses(&queues[1..]);
}

/// Somebody deletes the reply queue: calls in flight wait in vain, and no connection was lost.
#[tokio::test]
async fn a_lost_reply_queue_is_no_lost_connection() {
    let site = Site::new("reply-queue").await;
    let transport = site.transport();
    let endpoint = DynEndpoint::new(|_: DynRequest| std::future::pending::<Result<Value, RemoteFailure>>());
    let server = RpcServer::builder(&site.transport(), Target::server(&site.topic, "one")).endpoint(endpoint);
    let _server = server.build().unwrap().start().await.unwrap();
    let client = RpcClient::new(&transport, Target::topic(&site.topic));
    let call =
        client.call(&Context::new(), "wait", &json!({})).timeout(Duration::from_secs(10)).into_future();
    let call = tokio::spawn(call);
    let reply_queue = || async {
        let names = site.host.queue_names().await;
        names.into_iter().find(|name| name.starts_with("reply_")).ok_or("no reply queue")
    };
    let first = eventually(LIMIT, "a reply queue", reply_queue).await;
    site.host.delete_queue(&first).await;
    eventually(LIMIT, "the next one", || async {
        let names = site.host.queue_names().await;
        if names.iter().any(|name| name.starts_with("reply_") && *name != first) {
            Ok(())
        } else {
            Err(names)
        }
    })
    .await;
    let error = within(LIMIT, "the call ends", call).await.unwrap().unwrap_err();
    let CallError::Timeout(info) = &error else { panic!("{error:?}") };
    assert_eq!((info.reconnects, transport.stats().connections_lost), (0, 0), "{error}");
}
