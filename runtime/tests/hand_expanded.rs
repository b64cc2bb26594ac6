//! A contract as `#[endpoint]` expands it, written by hand: what generated code calls is tested without the macro.

#![forbid(unsafe_code)]
// Helpers and the service under test fail by panicking, on purpose in one case.
#![allow(clippy::panic, clippy::unit_arg, clippy::unwrap_used)]

use oslo_messaging::__private as rt;
use oslo_messaging::contract::{Call, CallOptions, MethodKind};
use oslo_messaging::error::{
    CallError, CallFault, Failing, NotSentReason, Ran, RejectionKind, RemoteFailure, RpcError,
};
use oslo_messaging::target::Target;
use oslo_messaging::version::Version;
use oslo_messaging::{Context, contracts};
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Poll, Waker};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Instance {
    id: u32,
    name: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct ListQuery {
    limit: Option<u32>,
    all_tenants: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum ComputeError {
    InstanceNotFound { instance_id: u32 },
    Internal(String),
}

impl RpcError for ComputeError {
    fn to_failure(&self) -> Failing {
        match self {
            Self::InstanceNotFound { instance_id } => rt::FailureBuilder::new(
                "nova.exception",
                "InstanceNotFound",
                format!("Instance {instance_id} could not be found."),
            )
            .kwarg("instance_id", instance_id)
            .declared(),
            Self::Internal(cause) => {
                rt::FailureBuilder::new("nova.exception", "Internal", "").internal(cause.as_str())
            }
        }
    }

    fn from_failure(failure: &RemoteFailure) -> Option<Self> {
        let reader = rt::FailureReader::new(failure);
        if reader.is("nova.exception", "InstanceNotFound") {
            return Some(Self::InstanceNotFound { instance_id: reader.kwarg("instance_id")? });
        }
        None
    }
}

trait Compute: Send + Sync + 'static {
    fn show(&self, ctx: &Context, id: u32) -> impl Future<Output = Result<Instance, ComputeError>> + Send;
    fn list(
        &self,
        ctx: &Context,
        query: ListQuery,
    ) -> impl Future<Output = Result<Vec<u32>, ComputeError>> + Send;
    fn build(
        &self,
        ctx: &Context,
        name: &str,
        count: u32,
        zone: Option<String>,
        hint: Option<&str>,
    ) -> impl Future<Output = Result<String, ComputeError>> + Send;
    fn reboot(&self, ctx: &Context, name: &str, hard: bool) -> impl Future<Output = ()> + Send;
}

struct ComputeEndpoint<S> {
    service: rt::Arc<S>,
}

impl<S> ComputeEndpoint<S> {
    fn new(service: S) -> Self {
        Self { service: rt::Arc::new(service) }
    }
}

impl<S> std::fmt::Debug for ComputeEndpoint<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ComputeEndpoint")
    }
}

#[derive(Clone, Debug)]
struct ComputeClient {
    core: rt::ClientCore,
}

const _: () = {
    static DESCRIPTOR: rt::EndpointDescriptor =
        rt::EndpointDescriptor::new("Compute", Version::new(5, 3), METHODS)
            .namespace("compute")
            .legacy_namespaces(&[Some("baseapi")])
            .doc("Life-cycle of instances.")
            .module(module_path!());
    const METHODS: &[rt::MethodDescriptor] = &[
        rt::MethodDescriptor::new("show", MethodKind::Call, Version::new(5, 0))
            .args(&[rt::ArgDescriptor::new("id", "u32")])
            .returns("Result<Instance, ComputeError>"),
        rt::MethodDescriptor::new("list", MethodKind::Call, Version::new(5, 1))
            .args(&[rt::ArgDescriptor::new("query", "ListQuery").flatten(true)]),
        rt::MethodDescriptor::new("build", MethodKind::Call, Version::new(5, 0))
            .wire_name("build_and_run_instance")
            .aliases(&["build_instance"])
            .timeout(rt::Duration::from_secs(600)),
        rt::MethodDescriptor::new("reboot", MethodKind::Cast, Version::new(5, 1)),
    ];
    #[allow(non_camel_case_types)]
    enum Index {
        show,
        list,
        build,
        reboot,
    }

    impl<S: Compute> ComputeEndpoint<S> {
        const HANDLERS: &'static [rt::Handler<S>] = &[show::<S>, list::<S>, build::<S>, reboot::<S>];
    }

    impl<S: Compute> rt::Endpoint for ComputeEndpoint<S> {
        fn descriptor(&self) -> &rt::EndpointDescriptor {
            ComputeClient::DESCRIPTOR
        }
        fn invoke(&self, index: usize, request: rt::Request) -> rt::Started {
            rt::dispatch(Self::HANDLERS, index, &self.service, request)
        }
    }

    fn show<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let id = request.take::<u32>("id")?;
        request.finish()?;
        Ok(rt::Box::pin(async move {
            rt::reply::<Result<Instance, ComputeError>>(Compute::show(&*service, request.context(), id).await)
        }))
    }
    fn list<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let query = request.take_flat::<ListQuery>()?;
        request.finish()?;
        Ok(rt::Box::pin(async move {
            rt::reply::<Result<Vec<u32>, ComputeError>>(
                Compute::list(&*service, request.context(), query).await,
            )
        }))
    }
    fn build<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let name = request.take::<rt::Box<str>>("name")?;
        let count = request.take_or::<u32>("count", || 1)?;
        let zone = request.take::<Option<String>>("zone")?;
        let hint = request.take::<Option<rt::Box<str>>>("hint")?;
        request.finish()?;
        Ok(rt::Box::pin(async move {
            rt::reply::<Result<String, ComputeError>>(
                Compute::build(&*service, request.context(), &name, count, zone, hint.as_deref()).await,
            )
        }))
    }
    fn reboot<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let name = request.take::<rt::Box<str>>("name")?;
        let hard = request.take_or::<bool>("hard", ::core::default::Default::default)?;
        request.finish()?;
        Ok(rt::Box::pin(async move {
            rt::reply_cast::<()>(Compute::reboot(&*service, request.context(), &name, hard).await)
        }))
    }

    impl ComputeClient {
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        fn new(caller: impl Into<rt::Caller>, target: rt::Target) -> Self {
            Self { core: rt::ClientCore::new(caller.into(), target, Self::DESCRIPTOR) }
        }
        fn in_process(service: impl Compute) -> Self {
            Self::new(rt::in_process(ComputeEndpoint::new(service)), Target::default())
        }
        fn prepare(&self, f: impl FnOnce(rt::CallOptions) -> rt::CallOptions) -> Self {
            Self { core: self.core.prepare(f) }
        }
        fn show(&self, ctx: &Context, id: u32) -> rt::Call<Result<Instance, ComputeError>> {
            let mut request = self.core.request(Index::show as usize);
            request.context(ctx);
            request.arg::<u32>("id", &id);
            request.call()
        }
        fn list(&self, ctx: &Context, query: ListQuery) -> rt::Call<Result<Vec<u32>, ComputeError>> {
            let mut request = self.core.request(Index::list as usize);
            request.context(ctx);
            request.arg_flat::<ListQuery>(&query);
            request.call()
        }
        fn build(
            &self,
            ctx: &Context,
            name: &str,
            count: u32,
            zone: Option<String>,
            hint: Option<&str>,
        ) -> rt::Call<Result<String, ComputeError>> {
            let mut request = self.core.request(Index::build as usize);
            request.context(ctx);
            request.arg::<str>("name", name);
            request.arg_since_or::<u32, _>("count", &count, Version::new(5, 2), false, &1u32);
            request.arg_since::<Option<String>>("zone", &zone, Version::new(5, 2), false);
            request.arg_since::<Option<&str>>("hint", &hint, Version::new(5, 3), true);
            request.call()
        }
        fn reboot(&self, ctx: &Context, name: &str, hard: bool) -> rt::Cast {
            let mut request = self.core.request(Index::reboot as usize);
            request.context(ctx);
            request.arg::<str>("name", name);
            request.arg::<bool>("hard", &hard);
            request.cast()
        }
    }

    rt::submit! { DESCRIPTOR }
};

#[derive(Default)]
struct Manager {
    rebooted: Mutex<Vec<(String, bool, String)>>,
}

impl Compute for std::sync::Arc<Manager> {
    async fn show(&self, ctx: &Context, id: u32) -> Result<Instance, ComputeError> {
        match id {
            0 => Err(ComputeError::InstanceNotFound { instance_id: id }),
            1 => Err(ComputeError::Internal("the database at db1 is gone".into())),
            2 => panic!("a bug"),
            _ => Ok(Instance { id, name: format!("{} for {}", ctx.method(), ctx.user_id()) }),
        }
    }
    async fn list(&self, _: &Context, query: ListQuery) -> Result<Vec<u32>, ComputeError> {
        Ok((0..query.limit.unwrap_or(2)).collect())
    }
    async fn build(
        &self,
        ctx: &Context,
        name: &str,
        count: u32,
        zone: Option<String>,
        hint: Option<&str>,
    ) -> Result<String, ComputeError> {
        let version = ctx.delivery().unwrap().target.version.unwrap();
        Ok(format!("{version} {name} {count} {zone:?} {hint:?}"))
    }
    async fn reboot(&self, ctx: &Context, name: &str, hard: bool) {
        self.rebooted.lock().unwrap().push((name.to_owned(), hard, ctx.request_id()));
    }
}

/// Runs a future that never has to wait for anything outside.
fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("in process, a handler that does not wait answers at once"),
    }
}

fn client() -> ComputeClient {
    ComputeClient::in_process(std::sync::Arc::new(Manager::default()))
}

#[test]
fn a_call_is_answered() {
    let ctx = Context::new().with("user_id", "ada").unwrap();
    let shown = now(client().show(&ctx, 7)).unwrap();
    assert_eq!(shown, Instance { id: 7, name: "show for ada".into() });
}

#[test]
fn a_declared_error_arrives_as_itself() {
    let error = now(client().show(&Context::test(), 0)).unwrap_err();
    assert_eq!(error, CallError::Remote(ComputeError::InstanceNotFound { instance_id: 0 }));
    assert_eq!(error.ran(), Ran::Yes);
}

#[test]
fn hidden_errors_and_panics_show_nothing_of_their_cause() {
    for (id, class) in [(1, "Internal"), (2, "InternalError")] {
        let error = now(client().show(&Context::test(), id)).unwrap_err();
        let CallError::Undeclared(failure) = &error else { panic!("{error:?}") };
        assert_eq!(failure.class, class);
        assert_eq!(failure.message, "The server failed to handle the request; its log has the cause.");
    }
}

#[test]
fn a_cast_runs_and_carries_the_context() {
    let manager = std::sync::Arc::new(Manager::default());
    let client = ComputeClient::in_process(std::sync::Arc::clone(&manager));
    let ctx = Context::test();
    now(client.reboot(&ctx, "web", true)).unwrap();
    now(client.reboot(&ctx, "db", false).fanout()).unwrap();
    let expected = [("web".to_owned(), true, ctx.request_id()), ("db".to_owned(), false, ctx.request_id())];
    assert_eq!(*manager.rebooted.lock().unwrap(), expected);
}

#[test]
fn a_flattened_argument_travels_as_its_fields() {
    let ids = now(client().list(&Context::test(), ListQuery { limit: Some(3), all_tenants: true })).unwrap();
    assert_eq!(ids, [0, 1, 2]);
}

fn built(call: Call<Result<String, ComputeError>>) -> Result<String, CallError<ComputeError>> {
    now(call)
}

#[test]
fn the_lowest_version_that_has_what_is_set_is_sent() {
    let (client, ctx) = (client(), Context::test());
    assert_eq!(built(client.build(&ctx, "a", 1, None, None)).unwrap(), "5.0 a 1 None None");
    assert_eq!(built(client.build(&ctx, "a", 2, None, None)).unwrap(), "5.2 a 2 None None");
    let zone = built(client.build(&ctx, "a", 1, Some("z".into()), None));
    assert_eq!(zone.unwrap(), "5.2 a 1 Some(\"z\") None");
    assert_eq!(built(client.build(&ctx, "a", 1, None, Some("h"))).unwrap(), "5.3 a 1 None Some(\"h\")");
}

#[test]
fn a_version_cap_drops_or_refuses() {
    let ctx = Context::test();
    let capped = client().prepare(|o: CallOptions| o.version_cap(Version::new(5, 1)));
    assert_eq!(built(capped.build(&ctx, "a", 1, None, Some("h"))).unwrap(), "5.0 a 1 None None");
    let error = built(capped.build(&ctx, "a", 1, Some("z".into()), None)).unwrap_err();
    let CallError::NotSent(not_sent) = &error else { panic!("{error:?}") };
    assert_eq!(
        not_sent.reason,
        NotSentReason::VersionCap { needed: Version::new(5, 2), cap: Version::new(5, 1) }
    );
    assert_eq!(not_sent.request.method, "build_and_run_instance");
    assert_eq!(error.ran(), Ran::No);
    // On the pending call too.
    let raised = capped.build(&ctx, "a", 1, Some("z".into()), None).version_cap(Version::new(5, 2));
    assert_eq!(built(raised).unwrap(), "5.2 a 1 Some(\"z\") None");
}

#[test]
fn refusals_are_in_pythons_words() {
    let untyped = |method: &'static str, args: &[(&str, u32)], version: Version| {
        let caller = rt::in_process(ComputeEndpoint::new(std::sync::Arc::new(Manager::default())));
        let target = Target::default().with_namespace("compute").with_version(version);
        let mut request = rt::RequestBuilder::untyped(&caller, target, method);
        for (name, value) in args {
            request.arg(name, value);
        }
        match now(request.call::<Result<serde_json::Value, RemoteFailure>>()).unwrap_err().into_parts() {
            Err(CallFault::Rejected(rejection)) => (rejection.kind, rejection.failure.to_string()),
            other => panic!("{other:?}"),
        }
    };
    let v5 = Version::new(5, 0);
    for (refusal, kind, text) in [
        (
            untyped("show", &[], v5),
            RejectionKind::InvalidArguments,
            "TypeError: Compute.show() missing 1 required positional argument: 'id'",
        ),
        (
            untyped("show", &[("id", 1), ("zzz", 2)], v5),
            RejectionKind::InvalidArguments,
            "TypeError: Compute.show() got an unexpected keyword argument 'zzz'",
        ),
        (
            untyped("list", &[("limit", 1), ("zzz", 2)], v5),
            RejectionKind::InvalidArguments,
            "TypeError: Compute.list() got an unexpected keyword argument 'zzz'",
        ),
        (
            untyped("nope", &[], v5),
            RejectionKind::NoSuchMethod,
            "oslo_messaging.rpc.dispatcher.NoSuchMethod: Endpoint does not support RPC method nope",
        ),
        (
            untyped("show", &[], Version::new(5, 4)),
            RejectionKind::UnsupportedVersion,
            "oslo_messaging.rpc.dispatcher.UnsupportedVersion: Endpoint does not support RPC version 5.4. Attempted \
             method: show",
        ),
    ] {
        assert_eq!(refusal, (kind, text.to_owned()));
    }
}

#[test]
fn a_call_through_a_fanout_target_is_not_sent() {
    let caller = rt::in_process(ComputeEndpoint::new(std::sync::Arc::new(Manager::default())));
    let client = ComputeClient::new(caller, Target::fanout("compute"));
    let error = now(client.show(&Context::test(), 7)).unwrap_err();
    assert!(
        matches!(&error, CallError::NotSent(e) if matches!(e.reason, NotSentReason::InvalidTarget(_))),
        "{error:?}"
    );
    now(client.show(&Context::test(), 7).cast()).unwrap();
}

#[test]
fn contracts_are_listed() {
    let linked = contracts().find(|contract| contract.name == "Compute").unwrap();
    assert_eq!(linked, ComputeClient::DESCRIPTOR);
}

const _: fn() = || {
    struct NotSend(#[allow(dead_code)] *const ());
    impl<'de> Deserialize<'de> for NotSend {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            Ok(Self(std::ptr::null()))
        }
    }
    fn is_free<F: Future + Unpin + Send + 'static>() {}
    is_free::<Call<Result<NotSend, ComputeError>>>();
    is_free::<rt::Cast>();
};
