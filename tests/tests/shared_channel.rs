//! The servers of a process consume on one channel, and none of them has to do with the others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::{join_all, try_join_all};
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::drivers::rabbit::{ConnectionKind, RabbitOptions};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer, ServerHandle, StartError};
use oslo_messaging::{ConnectOptions, Context, Target, Transport};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::time::Duration;
use tests::journal::Journal;
use tests::proxy::{Proxy, Record};
use tests::rust_peer::Gates;
use tests::site::Site;
use tests::wait::{eventually, within};

const LIMIT: Duration = Duration::from_secs(60);

/// A server of this name on the topic `<topic>-<name>`. It notes its requests; a request to `wait` then waits at the gate
/// of the server's name.
struct Server {
    handle: ServerHandle,
    topic: String,
    ran: Journal<Value>,
    gates: Gates,
}

impl Server {
    async fn try_start(transport: &Transport, topic: &str, name: &str) -> Result<Self, StartError> {
        let (ran, gates, topic) = (Journal::new(), Gates::new(), format!("{topic}-{name}"));
        let (noted, gate, waiting) = (ran.clone(), name.to_owned(), gates.clone());
        let endpoint = DynEndpoint::new(move |request: DynRequest| {
            let (noted, gate, waiting) = (noted.clone(), gate.clone(), waiting.clone());
            async move {
                let args = serde_json::to_value(&request.args).unwrap();
                noted.push(args.clone());
                if request.method == "wait" {
                    waiting.pass(&gate).await;
                }
                Ok::<_, RemoteFailure>(args)
            }
        });
        let server =
            RpcServer::builder(transport, Target::server(&topic, name)).endpoint(endpoint).concurrency(2);
        let handle = server.build().unwrap().start().await?;
        Ok(Self { handle, topic, ran, gates })
    }

    async fn start(transport: &Transport, topic: &str, name: &str) -> Self {
        Self::try_start(transport, topic, name).await.unwrap()
    }

    async fn stop(self) {
        self.handle.stop();
        within(LIMIT, "the end of a server", self.handle.wait(LIMIT)).await;
    }
}

/// Where a queue is consumed in the end, as the proxy saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    connection: usize,
    channel: u16,
    /// How many channels are open on the connection.
    open: usize,
}

fn place(proxy: &Proxy, queue: &str) -> Place {
    let consumer = proxy.sent("basic.consume").into_iter().rfind(|record| record.text("queue") == queue);
    let Record { connection, channel, .. } = consumer.expect("a consumer");
    let count =
        |method: &str| proxy.received(method).iter().filter(|record| record.connection == connection).count();
    let open = count("channel.open-ok") - count("channel.close") - count("channel.close-ok");
    Place { connection, channel, open }
}

fn client(transport: &Transport) -> RpcClient {
    RpcClient::new(transport, Target::topic("unused"))
}

async fn call(client: &RpcClient, server: &Server, number: usize) -> Value {
    let args = json!({ "number": number });
    let answer = client.call(&Context::new(), "echo", &args).topic(&server.topic).timeout(LIMIT).await;
    answer.unwrap().decode().unwrap()
}

/// However many servers there are, and after the connection was lost too.
#[tokio::test]
async fn twenty_servers_take_as_many_channels_as_one() {
    let site = Site::new("shared-twenty").await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    for connection in [ConnectionKind::Native, ConnectionKind::Lapin] {
        let mut options = ConnectOptions::default();
        options.rabbit = RabbitOptions { connection, ..RabbitOptions::default() };
        let url = site.host.url_at(proxy.address());
        let transport = Transport::connect_with(&url.parse().unwrap(), options).unwrap();
        let topic = format!("{}-{connection:?}", site.topic);
        let first = Server::start(&transport, &topic, "s0").await;
        let client = client(&transport);
        call(&client, &first, 0).await;
        let alone = place(&proxy, &first.topic);
        let names: Vec<String> = (1..20).map(|number| format!("s{number}")).collect();
        let mut servers = join_all(names.iter().map(|name| Server::start(&transport, &topic, name))).await;
        servers.insert(0, first);
        let answered = |round: usize| {
            let calls = join_all(servers.iter().map(|server| call(&client, server, round)));
            async move { assert_eq!(calls.await, vec![json!({ "number": round }); 20]) }
        };
        answered(1).await;
        // The channels on which they were tried first are closed when the broker says so.
        let together = || async {
            let places: Vec<Place> = servers.iter().map(|server| place(&proxy, &server.topic)).collect();
            let same = places.iter().all(|place| *place == places[0]) && places[0].open == alone.open;
            same.then_some(places[0]).ok_or(places)
        };
        assert_eq!(eventually(LIMIT, "one channel for all", together).await, alone);
        proxy.cut_connections().await;
        let again = || async { together().await.ok().filter(|place| *place != alone).ok_or("not yet") };
        eventually(LIMIT, "one channel for all after a cut", again).await;
        answered(2).await;
        join_all(servers.into_iter().map(Server::stop)).await;
        transport.close(LIMIT).await;
    }
}

/// The broker refuses one server its queue; what the others have taken is not taken away from them.
#[tokio::test]
async fn a_server_that_is_refused_costs_no_other() {
    let site = Site::new("shared-refused").await;
    let user = site.host.user([".*", ".*", "^(?!.*secret).*$"]).await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let url = user.url().replace(site.host.broker().address(), proxy.address());
    let transport = Transport::connect(&url).unwrap();
    let server = Server::start(&transport, &site.topic, "open").await;
    let (client, count) = (client(&transport), 4);
    // Two of them run, and two are held until one of those has ended.
    let calls = try_join_all((0..count).map(|number| {
        let args = json!({ "number": number });
        client.call(&Context::new(), "wait", &args).topic(&server.topic).timeout(LIMIT).into_future()
    }));
    let calls = tokio::spawn(calls);
    server.ran.first(2, LIMIT, "two requests that run", |_| true).await;
    for _ in 0..3 {
        let refused = Server::try_start(&transport, &site.topic, "secret").await.map(|_| ()).unwrap_err();
        assert!(refused.to_string().contains("403"), "{refused}");
    }
    server.gates.open("open");
    let answers = within(LIMIT, "the answers", calls).await.unwrap().unwrap();
    assert_eq!(answers.len(), count);
    assert_eq!(server.ran.len(), count, "none twice");
    let consumed = proxy.sent("basic.consume");
    let of_open = consumed.iter().filter(|record| record.text("queue") == server.topic).count();
    assert_eq!(of_open, 1, "it was never set up again");
}

/// One stops, while it holds requests that it cannot begin; they go to its successor, and the other goes on.
#[tokio::test]
async fn what_a_server_gives_back_is_not_what_another_holds() {
    let site = Site::new("shared-stopped").await;
    let transport = site.transport().clone();
    let (stays, goes) = (
        Server::start(&transport, &site.topic, "stays").await,
        Server::start(&transport, &site.topic, "goes").await,
    );
    let client = client(&transport);
    let waiting = |server: &Server| {
        let calls = (0..4).map(|number| {
            let args = json!({ "number": number });
            client.call(&Context::new(), "wait", &args).topic(&server.topic).timeout(LIMIT).into_future()
        });
        tokio::spawn(join_all(calls))
    };
    let (of_stays, of_goes) = (waiting(&stays), waiting(&goes));
    stays.ran.first(2, LIMIT, "two requests that run", |_| true).await;
    goes.ran.first(2, LIMIT, "two requests that run", |_| true).await;
    goes.handle.stop();
    let successor = RpcServer::builder(&transport, Target::server(&goes.topic, "goes")).endpoint(
        DynEndpoint::new(|request: DynRequest| async move {
            Ok::<_, RemoteFailure>(serde_json::to_value(&request.args).unwrap())
        }),
    );
    let _successor = successor.build().unwrap().start().await.unwrap();
    goes.gates.open("goes");
    let answers = within(LIMIT, "the answers", of_goes).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(goes.ran.len(), 2, "the successor has the others");
    within(LIMIT, "the end of a server", goes.handle.wait(LIMIT)).await;
    stays.gates.open("stays");
    let answers = within(LIMIT, "the answers", of_stays).await.unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(stays.ran.len(), 4, "none twice");
}
