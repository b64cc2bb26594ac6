//! A server that is stopped and started again and again, under load: each cast runs once.

use crate::journal::Journal;
use crate::wait::eventually;
use oslo_messaging::Context;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer, ServerHandle};
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const LIMIT: Duration = Duration::from_secs(60);

/// How many casts run at a time.
const CONCURRENCY: usize = 2;

/// How many casts each server runs before it is stopped.
const EACH: usize = 7;

/// Casts `casts` requests through `casting` while a server on `serving` stops after every few of them and starts again:
/// stop cancels first and gives back what has not begun, so each cast runs exactly once.
pub async fn each_cast_runs_once_while_its_server_comes_and_goes(
    casting: &Transport,
    serving: &Transport,
    topic: &str,
    casts: u64,
) {
    let journal = Journal::new();
    // How many handlers may end: the others are at work, so that a stop meets requests that wait behind them.
    let may_end = Arc::new(Semaphore::new(0));
    let handler = {
        let (journal, may_end) = (journal.clone(), may_end.clone());
        move |request: DynRequest| {
            let (journal, may_end) = (journal.clone(), may_end.clone());
            async move {
                may_end.acquire().await.unwrap().forget();
                journal.push(request.args["number"].as_u64().unwrap());
                Ok::<_, RemoteFailure>(Value::Null)
            }
        }
    };
    let server = RpcServer::builder(serving, Target::server(topic, "only"))
        .endpoint(DynEndpoint::new(handler))
        .concurrency(CONCURRENCY)
        .prefetch(20)
        .build()
        .unwrap();
    let stop = async |handle: ServerHandle| {
        handle.stop();
        let stopped = handle.wait(LIMIT).await;
        assert_eq!(stopped.aborted, 0);
        stopped.returned_to_queue
    };
    // Once, so that the queue is there; then half of the load before the first server and half meanwhile.
    stop(server.start().await.unwrap()).await;
    let client = RpcClient::new(casting, Target::topic(topic));
    let cast = async |numbers: Range<u64>| {
        for number in numbers {
            client.cast(&Context::new(), "note", &json!({ "number": number })).await.unwrap();
        }
    };
    cast(0..casts / 2).await;
    let come_and_go = async {
        let (mut returned, casts) = (0, casts as usize);
        while journal.len() < casts {
            let handle = server.start().await.unwrap();
            let some = (journal.len() + EACH).min(casts);
            may_end.add_permits(some - journal.len());
            journal.first(some, LIMIT, "casts run", |_| true).await;
            if casts - some > CONCURRENCY {
                let waiting = || async {
                    let stats = handle.stats();
                    if stats.waiting > 0 { Ok(()) } else { Err(stats) }
                };
                eventually(LIMIT, "a cast waits behind those at work", waiting).await;
            }
            handle.stop();
            // Whatever is at work may end now.
            may_end.add_permits(casts);
            returned += stop(handle).await;
            may_end.forget_permits(casts);
        }
        returned
    };
    let ((), returned) = tokio::join!(cast(casts / 2..casts), come_and_go);
    let mut ran = journal.all();
    ran.sort_unstable();
    assert_eq!(ran, (0..casts).collect::<Vec<_>>(), "each cast once ({returned} were given back meanwhile)");
    assert!(returned > 0, "no stop met a waiting request: the scenario shows nothing");
}
