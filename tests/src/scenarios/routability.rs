//! Calls to a topic without a queue among many that have one: exactly those are returned, none of them has run.

use crate::journal::Journal;
use oslo_messaging::Context;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::error::{ErrorKind, Ran, RemoteFailure};
use oslo_messaging::rpc::{RpcClient, RpcServer};
use oslo_messaging::target::Target;
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

/// Calls in flight at a time.
const CALLS: u64 = 512;

/// How long a call may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// In each of `rounds` has 512 calls in flight on one client, every eighth to a topic without a queue. Those fail as
/// unroutable, no other does, and none of them is in the server's journal.
pub async fn every_eighth_call_has_no_queue(transport: &Transport, topic: &str, rounds: u64) {
    let journal = Journal::new();
    let handler = {
        let journal = journal.clone();
        move |request: DynRequest| {
            let journal = journal.clone();
            async move {
                let number = request.args["number"].clone();
                journal.push(number.as_u64().unwrap());
                Ok::<_, RemoteFailure>(number)
            }
        }
    };
    let server = RpcServer::builder(transport, Target::server(topic, "only"))
        .endpoint(DynEndpoint::new(handler))
        .build()
        .unwrap();
    let handle = server.start().await.unwrap();
    let client = RpcClient::new(transport, Target::topic(topic));
    let nowhere = format!("{topic}-nowhere");
    for round in 0..rounds {
        let numbers = round * CALLS..(round + 1) * CALLS;
        let mut calls = JoinSet::new();
        for number in numbers.clone() {
            let mut call = client.call(&Context::new(), "note", &json!({ "number": number })).timeout(LIMIT);
            if number % 8 == 0 {
                call = call.topic(&nowhere);
            }
            calls.spawn(async move { (number, call.await) });
        }
        while let Some(ended) = calls.join_next().await {
            match ended.unwrap() {
                (number, Ok(answer)) => {
                    assert_ne!(number % 8, 0, "round {round}: call {number} has no queue, but was answered");
                    assert_eq!(answer.decode::<Value>().unwrap(), json!(number));
                }
                (number, Err(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Unroutable, "round {round}, call {number}: {error}");
                    assert_eq!(error.ran(), Ran::No);
                    assert_eq!(number % 8, 0, "round {round}: call {number} has a queue: {error}");
                }
            }
        }
        let mut ran = journal.matching(|number| numbers.contains(number));
        ran.sort_unstable();
        let expected: Vec<u64> = numbers.filter(|number| number % 8 != 0).collect();
        assert_eq!(ran, expected, "round {round}: what ran, each once");
    }
    handle.stop();
    handle.wait(Duration::from_secs(10)).await;
    // After the end, so that what ran late, or in another round than its own, is seen too.
    assert_eq!(journal.len() as u64, rounds * (CALLS - CALLS / 8), "what ran altogether");
}
