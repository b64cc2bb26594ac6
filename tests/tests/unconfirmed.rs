//! Calls whose requests the broker does not confirm: what is known of them all the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures_util::future::join_all;
use oslo_messaging::rpc::RpcClient;
use oslo_messaging::{CallError, ConnectOptions, Context, Ran, Target, Transport};
use serde_json::{Value, json};
use std::future::IntoFuture;
use std::time::Duration;
use tests::proxy::{Flow, Proxy, Record};
use tests::rust_peer::{FunctionalClient, RustServer};
use tests::site::Site;
use tests::wait::{eventually, within};

const LIMIT: Duration = Duration::from_secs(30);

fn unconfirmed(url: &str) -> Transport {
    let mut options = ConnectOptions::default();
    options.rabbit.confirm_requests = false;
    Transport::connect_with(&url.parse().unwrap(), options).unwrap()
}

#[tokio::test]
async fn calls_are_answered_and_those_without_a_queue_say_so() {
    let site = Site::new("unconfirmed").await;
    let _server = site.python_server().await;
    let transport = unconfirmed(&site.url);
    let there = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let nowhere = RpcClient::new(&transport, Target::topic("nowhere"));
    let context = Context::new();
    let answered = (0..200).map(|number| there.test(&context, json!(number)).into_future());
    let returned = (0..20).map(|_| nowhere.call(&context, "test", &json!({})).into_future());
    let (answered, returned) =
        within(LIMIT, "all calls", async { tokio::join!(join_all(answered), join_all(returned)) }).await;
    for (number, answer) in answered.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), json!(number));
    }
    for error in returned {
        let error = error.unwrap_err();
        assert!(matches!(error, CallError::Unroutable(_)), "{error:?}");
        assert_eq!(error.ran(), Ran::No);
    }
}

/// The broker was asked, so the error knows that the request is in a queue.
#[tokio::test]
async fn a_call_that_nobody_takes_knows_that_it_is_in_its_queue() {
    let site = Site::new("unconfirmed-late").await;
    let server = site.rust_server_called("one").await;
    let client = FunctionalClient::new(unconfirmed(&site.url), Target::topic(&site.topic));
    client.none(&Context::new()).await.unwrap();
    // Its queue stays.
    server.stop().await;
    let timed_out = || async {
        let error = client.add(&Context::new(), 1).timeout(Duration::from_secs(4)).await.unwrap_err();
        let CallError::Timeout(timeout) = &error else { panic!("{error:?}") };
        // A broker that is busy just then has not said what is in the queue. The next request finds it empty: each expires
        // with its call.
        timeout.waiting.map(|waiting| (timeout.confirmed, waiting)).ok_or(error)
    };
    let known = eventually(LIMIT, "a timeout that knows its queue", timed_out).await;
    assert_eq!(known, (Some(true), 1));
}

/// An exchange that has gone costs the channel; what says so is a certain answer here too, and the next server is found.
#[tokio::test]
async fn a_gone_exchange_is_declared_again() {
    let site = Site::new("unconfirmed-gone").await;
    let url = format!("{}?amqp_auto_delete=true", site.url);
    let transport = unconfirmed(&url);
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    for _ in 0..3 {
        let server = RustServer::builder(&url, &site.topic, "one").start().await;
        assert_eq!(within(LIMIT, "a call", until_answered(&client)).await, json!(1));
        server.stop().await;
        site.host.only_exchanges(&[]).await;
        let error = within(LIMIT, "the call", client.test(&Context::new(), json!(2))).await.unwrap_err();
        assert!(matches!(error, CallError::Unroutable(_)), "{error:?}");
    }
}

async fn until_answered(client: &FunctionalClient) -> Value {
    loop {
        match client.test(&Context::new(), json!(1)).await {
            Ok(answer) => return answer,
            Err(error) => assert_eq!(error.ran(), Ran::No, "{error}"),
        }
    }
}

/// What vanished with its connection may have been taken, for all that is known: it is not sent again.
#[tokio::test]
async fn a_request_that_vanished_may_have_run() {
    let site = Site::new("unconfirmed-cut").await;
    let server = site.python_server().await;
    let proxy = Proxy::start(site.host.broker().address()).await;
    let transport = unconfirmed(&site.host.url_at(proxy.address()));
    let client = FunctionalClient::new(&transport, Target::topic(&site.topic));
    let context = Context::new();
    client.none(&context).await.unwrap();
    proxy.set_flow(Flow::Drop, Flow::Pass);
    let call = client.add(&context, 1).timeout(Duration::from_secs(3));
    let cut = async {
        let sent = |record: &Record| record.sent("basic.publish");
        proxy.records().first(2, LIMIT, "the request", sent).await;
        proxy.set_flow(Flow::Pass, Flow::Pass);
        proxy.kill_connections();
    };
    let (outcome, ()) = tokio::join!(call, cut);
    let error = outcome.unwrap_err();
    let CallError::Timeout(timeout) = &error else { panic!("{error:?}") };
    assert_eq!((error.ran(), timeout.confirmed), (Ran::Maybe, Some(false)), "{error}");
    assert_eq!(client.add(&context, 2).await.unwrap(), 2, "the first one never came");
    assert_eq!(server.requests_of("add").await.len(), 1);
}
