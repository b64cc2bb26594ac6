//! A server that is stopped and started again and again, under load: each cast runs once.

use crate::journal::Journal;
use oslo_messaging::Context;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer, ServerHandle};
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};
use std::ops::Range;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// Casts `casts` requests through `casting` while a server on `serving` stops after every few of them and starts again:
/// stop cancels first and gives back what has not begun, so each cast runs exactly once.
pub async fn each_cast_runs_once_while_its_server_comes_and_goes(
    casting: &Transport,
    serving: &Transport,
    topic: &str,
    casts: u64,
) {
    let journal = Journal::new();
    let handler = {
        let journal = journal.clone();
        move |request: DynRequest| {
            let journal = journal.clone();
            async move {
                // Work that takes a while, so that a stop meets requests that wait behind it.
                tokio::time::sleep(Duration::from_millis(1)).await;
                journal.push(request.args["number"].as_u64().unwrap());
                Ok::<_, RemoteFailure>(Value::Null)
            }
        }
    };
    let server = RpcServer::builder(serving, Target::server(topic, "only"))
        .endpoint(DynEndpoint::new(handler))
        .concurrency(2)
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
        let mut returned = 0;
        while journal.len() < casts as usize {
            let handle = server.start().await.unwrap();
            let some = (journal.len() + 7).min(casts as usize);
            journal.first(some, LIMIT, "casts run", |_| true).await;
            returned += stop(handle).await;
        }
        returned
    };
    let ((), returned) = tokio::join!(cast(casts / 2..casts), come_and_go);
    let mut ran = journal.all();
    ran.sort_unstable();
    assert_eq!(ran, (0..casts).collect::<Vec<_>>(), "each cast once ({returned} were given back meanwhile)");
    assert!(returned > 0, "no stop met a waiting request: the scenario shows nothing");
}
