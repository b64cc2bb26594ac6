//! What generated clients send and generated endpoints accept: names, defaults, missing and unknown arguments, versions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::contract::{Endpoint, RequestBuilder, in_process};
use oslo_messaging::error::{CallError, NotSentReason, RejectionKind};
use oslo_messaging::testing::Recorder;
use oslo_messaging::{RemoteFailure, Target, Version, endpoint};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Maybe<T> = Option<T>;

#[derive(Serialize, Deserialize)]
struct Wrapped(Option<u32>);

#[derive(Serialize, Deserialize)]
struct Query {
    limit: Option<u32>,
    #[serde(rename = "from")]
    marker: String,
}

#[endpoint(version = "2.4", namespace = "echo", rename_all = "camelCase")]
trait Echo {
    async fn needed_words(
        &self,
        first: u32,
        #[arg(rename = "2nd")] second: &str,
    ) -> Result<Value, RemoteFailure>;

    async fn optional(
        &self,
        plain: Option<u32>,
        alias: Maybe<u32>,
        newtype: Wrapped,
    ) -> Result<Value, RemoteFailure>;

    async fn defaulted(
        &self,
        #[arg(default)] zero: u32,
        #[arg(default = 40 + 2)] count: u32,
        #[arg(default = "web")] name: &str,
        #[arg(default = Some("az"))] zone: Option<&str>,
    ) -> Result<Value, RemoteFailure>;

    async fn flat(&self, #[arg(flatten)] query: Query, extra: u32) -> Result<Value, RemoteFailure>;

    #[call(since = "2.1", aliases = ["older", "oldest"])]
    async fn newer(
        &self,
        #[arg(since = "2.2")] zone: Option<u32>,
        #[arg(since = "2.3", drop)] reason: Option<&str>,
        // Means the function below, though the client's method has a parameter of that name.
        #[arg(since = "2.4", default = count())] count: u32,
    ) -> Result<Value, RemoteFailure>;

    async fn gathered(
        &self,
        #[arg(flatten)] rest: BTreeMap<String, Value>,
        named: u32,
        #[arg(default = 1)] other: u32,
    ) -> Result<Value, RemoteFailure>;
}

fn count() -> u32 {
    7
}

/// For this side only.
#[endpoint(version = "1.0", unknown_args = "ignore", docs = false)]
trait Tolerant {
    /// For this side only.
    async fn take(
        &self,
        /// For this side only.
        known: u32,
    ) -> Result<u32, RemoteFailure>;
}

struct Service;

impl Echo for Service {
    async fn needed_words(&self, first: u32, second: &str) -> Result<Value, RemoteFailure> {
        Ok(json!([first, second]))
    }
    async fn optional(
        &self,
        plain: Option<u32>,
        alias: Option<u32>,
        newtype: Wrapped,
    ) -> Result<Value, RemoteFailure> {
        Ok(json!([plain, alias, newtype.0]))
    }
    async fn defaulted(
        &self,
        zero: u32,
        count: u32,
        name: &str,
        zone: Option<&str>,
    ) -> Result<Value, RemoteFailure> {
        Ok(json!([zero, count, name, zone]))
    }
    async fn flat(&self, query: Query, extra: u32) -> Result<Value, RemoteFailure> {
        Ok(json!([query.limit, query.marker, extra]))
    }
    async fn newer(
        &self,
        zone: Option<u32>,
        reason: Option<&str>,
        count: u32,
    ) -> Result<Value, RemoteFailure> {
        Ok(json!([zone, reason, count]))
    }
    async fn gathered(
        &self,
        rest: BTreeMap<String, Value>,
        named: u32,
        other: u32,
    ) -> Result<Value, RemoteFailure> {
        Ok(json!([rest, named, other]))
    }
}

impl Tolerant for Service {
    async fn take(&self, known: u32) -> Result<u32, RemoteFailure> {
        Ok(known)
    }
}

/// Sends what any peer could send.
async fn send(endpoint: impl Endpoint, method: &str, args: Value) -> Result<Value, CallError<RemoteFailure>> {
    let target = endpoint.descriptor().target();
    let caller = in_process(endpoint);
    let mut request = RequestBuilder::untyped(&caller, target, method.to_owned());
    for (name, value) in args.as_object().unwrap() {
        request.arg(name, value);
    }
    request.call::<Result<Value, RemoteFailure>>().await
}

trait Addressed {
    fn target(&self) -> Target;
}

impl Addressed for oslo_messaging::contract::EndpointDescriptor {
    fn target(&self) -> Target {
        Target { namespace: self.namespace.map(Into::into), version: Some(self.version), ..Target::default() }
    }
}

async fn echo(method: &str, args: Value) -> Result<Value, CallError<RemoteFailure>> {
    send(EchoEndpoint::new(Service), method, args).await
}

/// The refusal's text.
async fn refused(method: &str, args: Value) -> String {
    match echo(method, args).await.unwrap_err() {
        CallError::Rejected(refusal) => {
            assert_eq!(refusal.kind, RejectionKind::InvalidArguments);
            refusal.failure.message
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn endpoints_take_arguments_by_their_wire_name() {
    assert_eq!(echo("neededWords", json!({"2nd": "b", "first": 1})).await.unwrap(), json!([1, "b"]));
    assert!(refused("neededWords", json!({"first": 1, "second": "b"})).await.contains("'2nd'"));
    assert!(refused("neededWords", json!({"first": "one", "2nd": "b"})).await.contains("'first'"));
    assert!(refused("neededWords", json!({"first": 1, "2nd": "b", "third": 0})).await.contains("'third'"));
}

#[tokio::test]
async fn missing_arguments_are_none_or_their_default() {
    assert_eq!(echo("optional", json!({})).await.unwrap(), json!([null, null, null]));
    assert_eq!(
        echo("optional", json!({"plain": 1, "alias": 2, "newtype": 3})).await.unwrap(),
        json!([1, 2, 3])
    );
    assert_eq!(echo("defaulted", json!({})).await.unwrap(), json!([0, 42, "web", "az"]));
    let given = json!({"zero": 1, "count": 2, "name": "n", "zone": null});
    assert_eq!(echo("defaulted", given).await.unwrap(), json!([1, 2, "n", null]));
}

#[tokio::test]
async fn a_flattened_argument_takes_its_fields_and_no_more() {
    assert_eq!(echo("flat", json!({"from": "m", "extra": 3})).await.unwrap(), json!([null, "m", 3]));
    assert!(refused("flat", json!({"from": "m", "extra": 3, "other": 4})).await.contains("'other'"));
    assert!(refused("flat", json!({"marker": "m", "extra": 3})).await.contains("from"));
}

#[tokio::test]
async fn aliases_reach_the_method() {
    for name in ["newer", "older", "oldest"] {
        assert_eq!(echo(name, json!({})).await.unwrap(), json!([null, null, 7]), "{name}");
    }
}

#[tokio::test]
async fn unknown_arguments_can_be_ignored() {
    let answer = send(TolerantEndpoint::new(Service), "take", json!({"known": 1, "unknown": 2})).await;
    assert_eq!(answer.unwrap(), json!(1));
}

/// Arguments and version of one request for `newer`.
async fn newer(
    cap: Option<Version>,
    zone: Option<u32>,
    reason: Option<&str>,
    count: u32,
) -> Option<(Value, Version)> {
    let recorder = Recorder::new();
    recorder.expect("t", "newer");
    let mut client = EchoClient::new(recorder.caller(), Target::topic("t"));
    if let Some(cap) = cap {
        client = client.prepare(|o| o.version_cap(cap));
    }
    match client.newer(zone, reason, count).await {
        Ok(_) => {}
        Err(CallError::NotSent(error)) => {
            assert!(matches!(error.reason, NotSentReason::VersionCap { .. }), "{error}");
            return None;
        }
        Err(other) => panic!("{other:?}"),
    }
    let request = recorder.requests().remove(0);
    Some((request.args.into(), request.target.version.unwrap()))
}

#[tokio::test]
async fn a_client_asks_for_the_lowest_version_that_it_needs() {
    let v = |minor| Version::new(2, minor);
    for (cap, arguments, expected) in [
        (None, (None, None, 7), Some((json!({}), v(1)))),
        (None, (Some(1), None, 7), Some((json!({"zone": 1}), v(2)))),
        (None, (Some(1), Some("r"), 7), Some((json!({"zone": 1, "reason": "r"}), v(3)))),
        (None, (None, None, 8), Some((json!({"count": 8}), v(4)))),
        (Some(v(2)), (Some(1), Some("r"), 7), Some((json!({"zone": 1}), v(2)))),
        (Some(v(1)), (None, Some("r"), 7), Some((json!({}), v(1)))),
        (Some(v(1)), (Some(1), None, 7), None),
        (Some(v(3)), (None, None, 8), None),
        (Some(v(0)), (None, None, 7), None),
    ] {
        let (zone, reason, count) = arguments;
        assert_eq!(newer(cap, zone, reason, count).await, expected, "{cap:?} {arguments:?}");
    }
}

#[tokio::test]
async fn a_client_sends_none_as_null_where_every_version_knows_the_argument() {
    let recorder = Recorder::new();
    recorder.expect("t", "optional");
    recorder.expect("t", "flat");
    let client = EchoClient::new(recorder.caller(), Target::topic("t"));
    client.optional(None, Some(1), Wrapped(None)).await.unwrap();
    client.flat(Query { limit: None, marker: "m".to_owned() }, 3).await.unwrap();
    let requests = recorder.requests();
    assert_eq!(Value::from(requests[0].args.clone()), json!({"plain": null, "alias": 1, "newtype": null}));
    assert_eq!(Value::from(requests[1].args.clone()), json!({"limit": null, "from": "m", "extra": 3}));
    assert_eq!(requests[0].target.namespace.as_deref(), Some("echo"));
    assert_eq!(requests[0].target.version, Some(Version::new(2, 0)));
}

#[tokio::test]
async fn a_flattened_map_takes_what_is_left_wherever_it_stands() {
    let echo = EchoClient::in_process(Service);
    let rest = BTreeMap::from([("a".to_owned(), json!(1)), ("b".to_owned(), json!([2]))]);
    assert_eq!(echo.gathered(rest, 3, 4).await.unwrap(), json!([{"a": 1, "b": [2]}, 3, 4]));
    let left = send(EchoEndpoint::new(Service), "gathered", json!({"a": 1, "named": 3})).await.unwrap();
    assert_eq!(left, json!([{"a": 1}, 3, 1]));
}

#[test]
fn a_contract_without_docs_describes_itself_without_them() {
    let descriptor = TolerantClient::DESCRIPTOR;
    let method = &descriptor.methods[0];
    assert_eq!((descriptor.doc, method.doc, method.args[0].doc), ("", "", ""));
}
