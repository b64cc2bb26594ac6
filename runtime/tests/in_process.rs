//! What happens between a client and an endpoint in one process: serializers, dynamic endpoints, contexts, deadlines, and
//! the ways in which a call can end. Nothing here needs a runtime.

#![forbid(unsafe_code)]
// Services under test and helpers fail by panicking.
#![allow(clippy::panic, clippy::unwrap_used)]

use oslo_messaging::contract::{
    Answer, BoxFuture, CallOptions, Caller, Dispatcher, DynEndpoint, DynRequest, Endpoint, Invocation,
    Invoke, RequestBuilder, Serializer, in_process, in_process_all,
};
use oslo_messaging::error::{
    CallError, CallFault, CastError, NotSentReason, Ran, RejectionKind, RemoteFailure,
};
use oslo_messaging::json::RawJson;
use oslo_messaging::target::Target;
use oslo_messaging::version::Version;
use oslo_messaging::{Context, RpcError, endpoint};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, PartialEq, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum NovaError {
    #[error("Instance {uuid} could not be found.")]
    InstanceNotFound { uuid: String },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Weights {
    ram: f64,
    cpu: Option<f64>,
}

#[endpoint(version = "2.0")]
trait Probe {
    /// Answers what a handler sees of its context.
    async fn context(&self, ctx: &Context) -> Result<Vec<String>, NovaError>;
    /// Answers the time that is left, in whole seconds.
    async fn remaining(&self, ctx: &Context) -> Result<u64, NovaError>;
    /// Never answers.
    async fn hang(&self) -> Result<(), NovaError>;
    /// Panics before it awaits anything, or after.
    async fn explode(&self, late: bool) -> Result<(), NovaError>;
    /// Answers an `f64` of a flattened struct.
    async fn weigh(&self, #[arg(flatten)] weights: Weights) -> Result<bool, NovaError>;
    /// Takes a number.
    async fn number(&self, n: u8) -> Result<u8, NovaError>;
}

#[derive(Default)]
struct Prober {
    dropped: Arc<AtomicBool>,
}

struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Probe for Prober {
    async fn context(&self, ctx: &Context) -> Result<Vec<String>, NovaError> {
        let local = ctx.extension::<u8>().map(|value| format!("leaked {value}"));
        let entries = ctx.entries().map(|(key, value)| format!("{key}={value}"));
        Ok(std::iter::once(ctx.method().to_owned()).chain(entries).chain(local).collect())
    }
    async fn remaining(&self, ctx: &Context) -> Result<u64, NovaError> {
        Ok(ctx.deadline().unwrap().duration_since(Instant::now()).as_secs())
    }
    async fn hang(&self) -> Result<(), NovaError> {
        let _guard = SetOnDrop(Arc::clone(&self.dropped));
        std::future::pending().await
    }
    async fn explode(&self, late: bool) -> Result<(), NovaError> {
        if late {
            yield_once().await;
        }
        panic!("late: {late}")
    }
    async fn weigh(&self, weights: Weights) -> Result<bool, NovaError> {
        Ok(weights.ram.is_nan())
    }
    async fn number(&self, n: u8) -> Result<u8, NovaError> {
        Ok(n)
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(Waker::noop()))
}

/// Runs a future that waits for nothing but itself.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(output) = poll_once(future.as_mut()) {
            return output;
        }
    }
    panic!("it waits for something outside")
}

fn client() -> ProbeClient {
    ProbeClient::in_process(Prober::default())
}

fn untyped<T: Serialize>(
    caller: &Caller,
    method: &'static str,
    args: &T,
) -> Result<Value, CallError<Box<RemoteFailure>>> {
    let mut request = RequestBuilder::untyped(caller, Target::default(), method);
    request.arg_flat(args);
    now(request.call())
}

#[test]
fn a_handler_sees_the_callers_context_and_nothing_local() {
    let ctx =
        Context::new().with("user_id", "ada").unwrap().with("roles", &["x"]).unwrap().with_extension(7_u8);
    let seen = now(client().context(&ctx)).unwrap();
    assert_eq!(seen, ["context", "user_id=\"ada\"", "roles=[\"x\"]"]);
}

#[test]
fn a_call_ends_with_the_call_that_it_is_part_of() {
    let asked = now(client().remaining(&Context::new()).timeout(Duration::from_secs(500))).unwrap();
    assert!((490..=500).contains(&asked), "{asked}");
    let usual = now(client().remaining(&Context::new())).unwrap();
    assert!((50..=60).contains(&usual), "{usual}");
    // A handler that passes its context on cannot make its caller's deadline later.
    let relay = DynEndpoint::new(|request: DynRequest| async move {
        let remaining = client().remaining(&request.context).timeout(Duration::from_secs(500)).await;
        Ok::<Value, RemoteFailure>(json!(remaining.unwrap()))
    });
    let relayed = untyped(&in_process(relay), "any", &json!({})).unwrap();
    assert!(relayed.as_u64().unwrap() <= 60, "{relayed}");
}

#[test]
fn dropping_a_call_drops_its_handler() {
    let dropped = Arc::new(AtomicBool::new(false));
    let mut call = Box::pin(ProbeClient::in_process(Prober { dropped: Arc::clone(&dropped) }).hang());
    assert!(poll_once(call.as_mut()).is_pending());
    assert!(!dropped.load(Ordering::SeqCst));
    drop(call);
    assert!(dropped.load(Ordering::SeqCst));
}

#[test]
fn a_call_that_was_answered_stays_pending() {
    let mut call = pin!(client().number(1));
    assert!(poll_once(call.as_mut()).is_ready());
    assert!(poll_once(call.as_mut()).is_pending());
}

#[test]
fn a_panic_is_answered_whenever_it_comes() {
    for late in [false, true] {
        let error = now(client().explode(late)).unwrap_err();
        let CallError::Undeclared(failure) = &error else { panic!("{error:?}") };
        assert_eq!(
            (failure.module.as_str(), failure.class.as_str()),
            ("oslo_messaging.server", "InternalError")
        );
        assert!(failure.traceback.is_empty() && !failure.message.contains("late"), "{failure}");
    }
}

#[test]
fn what_only_pythons_json_has_reaches_a_flattened_field() {
    // RawJson is how a Rust client says NaN; Python's json writes it unasked.
    let args: Value = json!({});
    assert!(!untyped(&caller_of(Prober::default()), "weigh", &args).unwrap().as_bool().unwrap());
    let nan: RawJson = "NaN".parse().unwrap();
    let mut request = RequestBuilder::untyped(&caller_of(Prober::default()), v2(), "weigh");
    request.arg("ram", &nan);
    assert_eq!(now(request.call::<Result<bool, NovaError>>()), Ok(true));
}

fn v2() -> Target {
    Target::default().with_version(Version::new(2, 0))
}

fn caller_of(prober: Prober) -> Caller {
    in_process(ProbeEndpoint::new(prober)).prepare(|options| options.version(Version::new(2, 0)))
}

#[test]
fn a_value_that_does_not_fit_is_a_type_error() {
    let error = untyped(&caller_of(Prober::default()), "number", &json!({ "n": 256 })).unwrap_err();
    let CallError::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!(rejection.kind, RejectionKind::InvalidArguments);
    assert!(
        rejection
            .failure
            .message
            .starts_with("Probe.number() argument 'n' does not fit: invalid value: integer `256`"),
        "{}",
        rejection.failure.message
    );
    assert_eq!(error.ran(), Ran::No);
}

#[test]
fn an_answer_of_another_type_is_a_bad_reply() {
    let endpoint = DynEndpoint::new(async |_| Ok::<Value, RemoteFailure>(json!("no number")))
        .version(Version::new(2, 0));
    let client = ProbeClient::new(in_process(endpoint), Target::default());
    let error = now(client.number(1)).unwrap_err();
    let CallError::BadReply(bad) = &error else { panic!("{error:?}") };
    assert_eq!(bad.request.method, "number");
    assert!(bad.request.message_id.is_some());
    assert_eq!(error.ran(), Ran::Yes);
}

#[test]
fn what_does_not_encode_is_not_sent() {
    let caller = caller_of(Prober::default());
    let mut request = RequestBuilder::untyped(&caller, v2(), "number");
    request.arg("n", &std::collections::BTreeMap::from([((1, 2), 3)]));
    let error = now(request.call::<Result<u8, NovaError>>()).unwrap_err();
    assert!(
        matches!(&error, CallError::NotSent(e) if matches!(&e.reason, NotSentReason::Encode { argument, .. } if argument == "n")),
        "{error}"
    );
}

#[test]
fn a_dynamic_endpoint_answers_any_name_but_private_ones() {
    let echo = || {
        DynEndpoint::new(async |request: DynRequest| {
            Ok::<Value, RemoteFailure>(json!([request.method, request.args]))
        })
    };
    let answer = untyped(&in_process(echo()), "anything", &json!({ "b": 1, "a": [null] })).unwrap();
    assert_eq!(answer, json!(["anything", { "b": 1, "a": [null] }]));
    let refused = untyped(&in_process(echo()), "_private", &json!({})).unwrap_err();
    assert!(matches!(&refused, CallError::Rejected(r) if r.kind == RejectionKind::NoSuchMethod), "{refused}");
    assert!(untyped(&in_process(echo().allow_private()), "_private", &json!({})).is_ok());
}

#[test]
fn a_dynamic_endpoint_fails_with_any_class() {
    let endpoint = DynEndpoint::new(async |_| Err(RemoteFailure::new("nova.exception", "Nope", "no")));
    let error = untyped(&in_process(endpoint), "m", &json!({})).unwrap_err();
    assert!(matches!(&error, CallError::Remote(f) if f.class == "Nope" && f.message == "no"), "{error}");
}

/// Keeps what it was asked to send.
#[derive(Debug, Default)]
struct Sent(Mutex<Vec<Invocation>>);

impl Invoke for Sent {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        self.0.lock().unwrap().push(invocation);
        Box::pin(std::future::ready(Ok(Answer::Result(RawJson::default()))))
    }
    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        self.0.lock().unwrap().push(invocation);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[endpoint(version = "1.0", namespace = "ns", timeout = "10s")]
trait Options {
    #[call(timeout = "5s", call_monitor = "2s")]
    async fn slow(&self) -> Result<(), NovaError>;
    #[cast(fanout)]
    async fn everywhere(&self);
}

#[test]
fn options_resolve_from_the_pending_value_down_to_the_contract() {
    let sent = Arc::new(Sent::default());
    let caller = Caller::new(Arc::clone(&sent) as Arc<dyn Invoke>);
    let client = OptionsClient::new(caller, Target::server("topic", "host-1"));
    let eager = client.prepare(|o: CallOptions| o.timeout(Duration::from_secs(7)).exchange("nova").retry(3));
    now(client.slow()).unwrap();
    now(eager.slow().timeout(Duration::from_secs(1)).null_namespace().topic("other")).unwrap();
    now(client.everywhere()).unwrap();
    now(client.everywhere().server("host-2")).unwrap();
    now(client.everywhere().server("host-2").fanout()).unwrap();

    let seen: Vec<String> = sent.0.lock().unwrap().iter().map(describe).collect();
    let secs = Duration::from_secs;
    assert_eq!(
        seen,
        [
            format!(
                "slow <Target topic=topic, namespace=ns, server=host-1, version=1.0> {:?}",
                Some(secs(5))
            ),
            format!(
                "slow <Target exchange=nova, topic=other, server=host-1, version=1.0> {:?}",
                Some(secs(1))
            ),
            format!(
                "everywhere <Target topic=topic, namespace=ns, server=host-1, version=1.0, fanout=true> {:?}",
                Some(secs(10))
            ),
            format!(
                "everywhere <Target topic=topic, namespace=ns, server=host-2, version=1.0> {:?}",
                Some(secs(10))
            ),
            format!(
                "everywhere <Target topic=topic, namespace=ns, server=host-2, version=1.0, fanout=true> {:?}",
                Some(secs(10))
            ),
        ]
    );
    assert_eq!(sent.0.lock().unwrap()[1].options.retry, Some(3));
    assert_eq!(sent.0.lock().unwrap()[1].options.call_monitor, Some(secs(2)));
}

fn describe(invocation: &Invocation) -> String {
    format!("{} {} {:?}", invocation.method, invocation.target, invocation.options.timeout)
}

#[test]
fn a_cap_refuses_what_has_no_version_as_python_does() {
    let caller = caller_with_cap();
    let error = untyped(&caller, "m", &json!({})).unwrap_err();
    let CallError::NotSent(e) = &error else { panic!("{error:?}") };
    assert_eq!(e.reason, NotSentReason::NoVersion { cap: Version::new(1, 5) });
    assert!(caller.can_send_version(Version::new(1, 5)) && !caller.can_send_version(Version::new(1, 6)));
}

fn caller_with_cap() -> Caller {
    Caller::new(Arc::new(Sent::default())).prepare(|o| o.version_cap(Version::new(1, 5)))
}

// --- versioned objects -----------------------------------------------------------------------------------------------

/// An object as nova's own serializer writes it: name, namespace, version and data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Object<T> {
    #[serde(rename = "nova_object.name")]
    name: String,
    #[serde(rename = "nova_object.namespace")]
    namespace: String,
    #[serde(rename = "nova_object.version")]
    version: String,
    #[serde(rename = "nova_object.data")]
    data: T,
}

impl<T> Object<T> {
    fn nova(name: &str, version: &str, data: T) -> Self {
        Self { name: name.to_owned(), namespace: "nova".to_owned(), version: version.to_owned(), data }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Instance {
    uuid: String,
    host: Option<String>,
}

#[endpoint(version = "1.0")]
trait Conductor {
    async fn refresh(&self, ctx: &Context, instance: Object<Instance>)
    -> Result<Object<Instance>, NovaError>;
    async fn plain(&self, ctx: &Context, instance: Instance) -> Result<Instance, NovaError>;
    async fn flat(&self, #[arg(flatten)] weights: Weights) -> Result<Option<f64>, NovaError>;
    async fn zone(&self, #[arg(since = "1.0")] zone: Option<String>) -> Result<Option<String>, NovaError>;
}

/// Answers with the context's user as host.
struct Refresher;

impl Conductor for Refresher {
    async fn refresh(
        &self,
        ctx: &Context,
        mut instance: Object<Instance>,
    ) -> Result<Object<Instance>, NovaError> {
        instance.data.host = Some(ctx.user_id());
        Ok(instance)
    }
    async fn plain(&self, ctx: &Context, instance: Instance) -> Result<Instance, NovaError> {
        if instance.uuid.is_empty() {
            return Err(NovaError::InstanceNotFound { uuid: instance.uuid });
        }
        Ok(Instance { host: Some(format!("{} calls {}", ctx.user_id(), ctx.method())), ..instance })
    }
    async fn flat(&self, weights: Weights) -> Result<Option<f64>, NovaError> {
        Ok(weights.cpu)
    }
    async fn zone(&self, zone: Option<String>) -> Result<Option<String>, NovaError> {
        Ok(zone)
    }
}

/// Puts nova's wrapper around every entity and takes it off; renames a key of the context, both ways.
#[derive(Debug)]
struct NovaSerializer;

impl Serializer for NovaSerializer {
    fn serialize_entity(&self, _: &Context, value: RawJson) -> Result<RawJson, String> {
        RawJson::encode(&Object::nova("Instance", "2.7", value)).map_err(|e| e.0)
    }
    fn deserialize_entity(&self, _: &Context, value: RawJson) -> Result<RawJson, String> {
        let object: Object<RawJson> = value.decode().map_err(|e| e.0)?;
        if object.version.starts_with("2.") {
            Ok(object.data)
        } else {
            Err(format!("version {}", object.version))
        }
    }
    fn serialize_context(&self, context: Context) -> Result<Context, String> {
        rename(&context, "user_id", "user")
    }
    fn deserialize_context(&self, context: Context) -> Result<Context, String> {
        rename(&context, "user", "user_id")
    }
}

fn rename(context: &Context, from: &str, to: &str) -> Result<Context, String> {
    context.entries().try_fold(Context::new(), |renamed, (key, value)| {
        renamed.with(if key == from { to } else { key }, value).map_err(|e| e.to_string())
    })
}

fn ada() -> Context {
    Context::new().with("user_id", "ada").unwrap()
}

#[test]
fn versioned_objects_are_plain_serde_types() {
    let client = ConductorClient::in_process(Refresher);
    let instance = Object::nova("Instance", "2.7", Instance { uuid: "u".to_owned(), host: None });
    let refreshed = now(client.refresh(&ada(), instance)).unwrap();
    assert_eq!(refreshed.data.host.as_deref(), Some("ada"));
    let text = RawJson::encode(&refreshed).unwrap();
    assert_eq!(
        text.as_str(),
        r#"{"nova_object.name":"Instance","nova_object.namespace":"nova","nova_object.version":"2.7","nova_object.data":{"uuid":"u","host":"ada"}}"#
    );
}

#[test]
fn a_serializer_translates_arguments_results_and_contexts_on_both_sides() {
    let endpoints: Vec<Arc<dyn Endpoint>> = vec![Arc::new(ConductorEndpoint::new(Refresher))];
    let serving = || Dispatcher::new(endpoints.clone()).unwrap().serializer(Some(Arc::new(NovaSerializer)));
    let instance = || Instance { uuid: "u".to_owned(), host: None };

    let both = ConductorClient::new(in_process_all(serving()), Target::default())
        .prepare(|options| options.serializer(Arc::new(NovaSerializer)));
    assert_eq!(now(both.plain(&ada(), instance())).unwrap().host.as_deref(), Some("ada calls plain"));
    let weights = Weights { ram: 1.5, cpu: Some(0.5) };
    assert_eq!(now(both.flat(weights)), Ok(Some(0.5)));
    assert_eq!(now(both.zone(None)), Ok(None));
    assert_eq!(now(both.zone(Some("z".to_owned()))), Ok(Some("z".to_owned())));
    let error = now(both.plain(&ada(), Instance { uuid: String::new(), host: None })).unwrap_err();
    assert_eq!(error.as_remote(), Some(&NovaError::InstanceNotFound { uuid: String::new() }));

    // With one side only, the other one sees the wire's form.
    let server_only = ConductorClient::new(in_process_all(serving()), Target::default());
    let error = now(server_only.plain(&ada(), instance())).unwrap_err();
    assert!(matches!(&error, CallError::Rejected(r) if r.kind == RejectionKind::InvalidArguments), "{error}");
    let client_only = ConductorClient::in_process(Refresher)
        .prepare(|options| options.serializer(Arc::new(NovaSerializer)));
    let error = now(client_only.plain(&ada(), instance())).unwrap_err();
    assert!(matches!(&error, CallError::Rejected(r) if r.kind == RejectionKind::InvalidArguments), "{error}");
}

#[test]
fn a_serializer_that_refuses_an_answer_makes_it_a_bad_reply() {
    let old = DynEndpoint::new(async |_| {
        Ok::<Value, RemoteFailure>(json!({
            "nova_object.name": "Instance", "nova_object.namespace": "nova", "nova_object.version": "1.9",
            "nova_object.data": { "uuid": "u", "host": null },
        }))
    });
    let client = ConductorClient::new(in_process(old), Target::default())
        .prepare(|options| options.serializer(Arc::new(NovaSerializer)));
    let error = now(client.plain(&ada(), Instance { uuid: "u".to_owned(), host: None })).unwrap_err();
    assert!(matches!(&error, CallError::BadReply(bad) if bad.cause == "version 1.9"), "{error}");
}
