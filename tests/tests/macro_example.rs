//! The worked example of the documentation, end to end without a broker: generated client, real encoding, dispatch,
//! generated endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::contract::MethodKind;
use oslo_messaging::error::{CallError, NotSentReason};
use oslo_messaging::version::Version;
use oslo_messaging::{Context, RpcError, endpoint};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the compute service can refuse to do.
#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum ComputeError {
    /// No such instance on this host.
    #[error("Instance {instance_id} could not be found.")]
    InstanceNotFound { instance_id: u32 },
    /// Raised by Python peers as `OverQuota`.
    #[error("Quota exceeded for {0}: {1} requested")]
    #[rpc_error(class = "OverQuota")]
    QuotaExceeded(String, u32),
    /// Anything else that went wrong here.
    #[error(transparent)]
    #[rpc_error(internal)]
    Internal(#[from] std::io::Error),
}

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

/// Life-cycle of instances on one compute host.
#[endpoint(namespace = "compute", legacy_namespaces = ["baseapi", none], version = "5.3", timeout = "60s")]
trait Compute {
    /// Returns one instance.
    async fn show(&self, ctx: &Context, id: u32) -> Result<Instance, ComputeError>;

    /// Lists instances, newest first.
    #[call(since = "5.1")]
    async fn list(
        &self,
        ctx: &Context,
        #[arg(flatten)] query: ListQuery,
    ) -> Result<Vec<Instance>, ComputeError>;

    /// Boots `count` instances and returns their ids.
    #[call(name = "build_and_run_instance", aliases = ["build"], timeout = "10m", call_monitor = "60s")]
    async fn build(
        &self,
        ctx: &Context,
        name: &str,
        /// How many to boot.
        #[arg(default = 1)]
        count: u32,
        /// Availability zone; peers older than 5.2 never see it.
        #[arg(since = "5.2")]
        zone: Option<&str>,
        #[arg(rename = "meta", default)] metadata: BTreeMap<String, String>,
    ) -> Result<Vec<u32>, ComputeError>;

    /// Restarts an instance. Nobody waits for the outcome.
    #[cast(since = "5.1")]
    async fn reboot(&self, ctx: &Context, id: u32, #[arg(default)] hard: bool);

    /// Tells every compute host to drop its cached aggregates.
    #[cast(fanout, since = "5.3")]
    async fn refresh_aggregates(&self, ctx: &Context);

    /// Answers `pong`. Needs no context.
    #[deprecated(note = "use the built-in ping")]
    async fn ping(&self) -> Result<String, ComputeError> {
        Ok("pong".to_owned())
    }
}

#[derive(Default, Clone)]
struct Manager {
    seen: Arc<Mutex<Vec<String>>>,
}

impl Manager {
    fn saw(&self, what: String) {
        self.seen.lock().unwrap().push(what);
    }
}

impl Compute for Manager {
    async fn show(&self, ctx: &Context, id: u32) -> Result<Instance, ComputeError> {
        match id {
            7 => Ok(Instance { id, name: ctx.request_id() }),
            8 => Err(std::io::Error::other("the disk is gone").into()),
            9 => Err(ComputeError::QuotaExceeded("cores".to_owned(), 9)),
            _ => Err(ComputeError::InstanceNotFound { instance_id: id }),
        }
    }

    async fn list(&self, _: &Context, query: ListQuery) -> Result<Vec<Instance>, ComputeError> {
        self.saw(format!("{query:?}"));
        Ok(Vec::new())
    }

    async fn build(
        &self,
        _: &Context,
        name: &str,
        count: u32,
        zone: Option<&str>,
        metadata: BTreeMap<String, String>,
    ) -> Result<Vec<u32>, ComputeError> {
        self.saw(format!("{name} {count} {zone:?} {metadata:?}"));
        Ok((0..count).collect())
    }

    async fn reboot(&self, _: &Context, id: u32, hard: bool) {
        self.saw(format!("reboot {id} {hard}"));
    }

    async fn refresh_aggregates(&self, _: &Context) {
        self.saw("refresh".to_owned());
    }
}

#[tokio::test]
async fn calls_and_casts_reach_the_implementation() {
    let manager = Manager::default();
    let compute = ComputeClient::in_process(manager.clone());
    let ctx = Context::new().with("request_id", "req-1").unwrap();

    assert_eq!(compute.show(&ctx, 7).await.unwrap(), Instance { id: 7, name: "req-1".to_owned() });
    compute.list(&ctx, ListQuery { limit: Some(3), all_tenants: true }).await.unwrap();
    let metadata = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    assert_eq!(compute.build(&ctx, "web", 2, Some("az1"), metadata).await.unwrap(), [0, 1]);
    compute.reboot(&ctx, 7, true).await.unwrap();
    compute.refresh_aggregates(&ctx).await.unwrap();
    #[expect(deprecated)]
    let pong = compute.ping().await.unwrap();
    assert_eq!(pong, "pong");
    assert_eq!(
        *manager.seen.lock().unwrap(),
        [
            "ListQuery { limit: Some(3), all_tenants: true }",
            r#"web 2 Some("az1") {"k": "v"}"#,
            "reboot 7 true",
            "refresh"
        ]
    );
}

#[tokio::test]
async fn declared_errors_come_back_typed_and_internal_ones_hidden() {
    let compute = ComputeClient::in_process(Manager::default());
    let ctx = Context::new();
    let error = compute.show(&ctx, 1).await.unwrap_err();
    assert!(matches!(error, CallError::Remote(ComputeError::InstanceNotFound { instance_id: 1 })), "{error}");
    let error = compute.show(&ctx, 9).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Remote(ComputeError::QuotaExceeded(what, 9)) if what == "cores"),
        "{error}"
    );
    let error = compute.show(&ctx, 8).await.unwrap_err();
    let CallError::Undeclared(failure) = error else { panic!("{error}") };
    assert_eq!((failure.module.as_str(), failure.class.as_str()), ("nova.exception", "Internal"));
    assert!(!failure.message.contains("disk"), "{}", failure.message);
}

#[tokio::test]
async fn a_version_cap_refuses_only_what_needs_more() {
    let ctx = Context::new();
    let compute =
        ComputeClient::in_process(Manager::default()).prepare(|o| o.version_cap(Version::new(5, 1)));
    compute.build(&ctx, "web", 1, None, BTreeMap::new()).await.unwrap();
    let error = compute.build(&ctx, "web", 1, Some("az1"), BTreeMap::new()).await.unwrap_err();
    let CallError::NotSent(error) = error else { panic!("{error}") };
    let expected = NotSentReason::VersionCap { needed: Version::new(5, 2), cap: Version::new(5, 1) };
    assert_eq!(error.reason, expected);
}

#[test]
fn the_descriptor_says_it_all() {
    let contract = ComputeClient::DESCRIPTOR;
    assert_eq!((contract.name, contract.namespace), ("Compute", Some("compute")));
    assert_eq!(contract.legacy_namespaces, [Some("baseapi"), None]);
    assert_eq!(contract.version, Version::new(5, 3));
    assert_eq!(contract.doc, "Life-cycle of instances on one compute host.");
    assert_eq!(contract.module, module_path!());
    let names: Vec<_> = contract.methods.iter().map(|m| m.name).collect();
    assert_eq!(names, ["show", "list", "build", "reboot", "refresh_aggregates", "ping"]);

    let build = &contract.methods[2];
    assert_eq!((build.wire_name, build.aliases), ("build_and_run_instance", ["build"].as_slice()));
    assert_eq!((build.kind, build.since), (MethodKind::Call, Version::new(5, 0)));
    assert_eq!(build.timeout, Some(Duration::from_secs(600)));
    assert_eq!(build.call_monitor, Some(Duration::from_secs(60)));
    assert_eq!(build.returns, "Result<Vec<u32>, ComputeError>");
    let args: Vec<_> =
        build.args.iter().map(|a| (a.name, a.wire_name, a.ty, a.since, a.has_default)).collect();
    assert_eq!(
        args,
        [
            ("name", "name", "&str", None, false),
            ("count", "count", "u32", None, true),
            ("zone", "zone", "Option<&str>", Some(Version::new(5, 2)), false),
            ("metadata", "meta", "BTreeMap<String, String>", None, true),
        ]
    );
    assert_eq!(build.args[1].doc, "How many to boot.");
    assert!(contract.methods[1].args[0].flatten);
    assert_eq!((contract.methods[3].kind, contract.methods[3].fanout), (MethodKind::Cast, false));
    assert!(contract.methods[4].fanout);
    assert_eq!(contract.methods[5].deprecated, Some("use the built-in ping"));
}

#[test]
fn the_contract_is_registered() {
    assert!(oslo_messaging::contracts().any(|contract| std::ptr::eq(contract, ComputeClient::DESCRIPTOR)));
}
