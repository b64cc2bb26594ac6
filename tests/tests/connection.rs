//! Connections to RabbitMQ: what is told apart, what comes back, what survives a handler's or another server's behaviour.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer, ServerHandle, StartError};
use oslo_messaging::transport::{ConnectFailureKind, DriverError, Health, Route};
use oslo_messaging::{CallError, ConnectOptions, Context, Ran, Target, Transport};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::broker::Broker;
use tests::journal::Journal;
use tests::log::Log;
use tests::proxy::{Flow, Proxy};
use tests::site::Site;
use tests::wait::{eventually, within};
use tracing_subscriber::EnvFilter;

const LIMIT: Duration = Duration::from_secs(30);

/// A server that returns its arguments and notes them.
async fn echo(transport: &Transport, topic: &str, name: &str) -> (ServerHandle, Journal<Value>) {
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
    let server =
        RpcServer::builder(transport, Target::server(topic, name)).endpoint(endpoint).build().unwrap();
    (server.start().await.unwrap(), journal)
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
    // A port that was free a moment ago: nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
        within(Duration::from_secs(5), &url, health.wait_for(failed)).await.unwrap();
        let error = transport.ready(Duration::ZERO).await.unwrap_err();
        assert_eq!(error.kind(), Some(expected), "{error}");
        assert!(!error.to_string().contains("not-the-password"), "{error}");
        transport.close(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_call_says_why_no_broker_was_reached_and_that_it_has_not_run() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let transport = Transport::connect(format!("rabbit://{free}/")).unwrap();
    let client = RpcClient::new(&transport, Target::topic("t"));
    let call = client.call(&Context::new(), "m", &json!({})).timeout(Duration::from_millis(300));
    let error = within(LIMIT, "the call ends", call).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()), "names the host: {error}");
}

/// Outages last; what is tried in vain meanwhile must not add up.
#[test]
fn what_is_tried_in_vain_leaves_nothing_behind() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
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
    let helper = tokio::runtime::Runtime::new().unwrap();
    let site = helper.block_on(Site::new("blocking"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Heartbeats of one second: the broker gives a silent client up after two.
    let transport = Transport::connect(format!("{}?heartbeat_timeout_threshold=1", site.url)).unwrap();
    let (begun, has_begun) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(Mutex::new(released));
    let endpoint = DynEndpoint::new(move |_: DynRequest| {
        let (begun, released) = (begun.clone(), Arc::clone(&released));
        async move {
            begun.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
            Ok::<_, RemoteFailure>(Value::Null)
        }
    });
    let server = RpcServer::builder(&transport, Target::server(&site.topic, "one"))
        .endpoint(endpoint)
        .build()
        .unwrap();
    let _handle = runtime.block_on(server.start()).unwrap();
    let client = RpcClient::new(helper.block_on(async { site.transport() }), Target::topic(&site.topic));
    let answer = helper.spawn(async move { client.call(&Context::new(), "block", &json!({})).await });
    has_begun.recv_timeout(LIMIT).unwrap();
    let mut health = transport.watch_health();
    health.borrow_and_update();
    // Longer than any broker waits for a silent client: here time itself is the subject.
    let lost =
        helper.block_on(async { tokio::time::timeout(Duration::from_secs(6), health.changed()).await });
    assert!(lost.is_err(), "the connection was lost: {:?}", transport.health());
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
