//! `RpcClient`: calls methods by name, without a contract.

use crate::context::Context;
use crate::contract::{Call, CallOptions, Caller, Cast, RequestBuilder};
use crate::error::RemoteFailure;
use crate::json::RawJson;
use crate::target::Target;
use crate::version::Version;
use serde::Serialize;
use std::borrow::Cow;

/// Calls methods by name, with arguments and results as JSON: for tools and proxies, and for peers without a contract.
///
/// Corresponds to `oslo_messaging.get_rpc_client`. Cheap to clone; all clients of a transport share its connections.
///
/// ```
/// use oslo_messaging::{Context, RpcClient, Target, Transport};
/// # use oslo_messaging::{RemoteFailure, RpcServer, contract::{DynEndpoint, DynRequest}};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = Transport::connect("memory://rpc-client")?;
/// # let echo = DynEndpoint::new(async |request: DynRequest| Ok::<_, RemoteFailure>(request.args.into()));
/// # RpcServer::builder(&transport, Target::server("compute", "host-1")).endpoint(echo).build()?.start().await?;
/// let client = RpcClient::new(&transport, Target::topic("compute"));
/// let answer = client.call(&Context::new(), "echo", &json!({"id": 7})).await?;
/// assert_eq!(answer.decode::<serde_json::Value>()?, json!({"id": 7}));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct RpcClient {
    caller: Caller,
    target: Target,
}

impl RpcClient {
    /// A client of whoever serves `target`, through a `&Transport` or any other caller.
    pub fn new(caller: impl Into<Caller>, target: Target) -> Self {
        Self { caller: caller.into(), target }
    }

    /// A client with further options; this one keeps its own.
    ///
    /// Corresponds to `RPCClient.prepare`.
    #[must_use]
    pub fn prepare(&self, options: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self { caller: self.caller.prepare(options), target: self.target.clone() }
    }

    /// Where it calls to, before options.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether a request that needs `version` may be sent under the version cap.
    pub fn can_send_version(&self, version: Version) -> bool {
        self.caller.can_send_version(version)
    }

    /// A call of `method`, whose arguments are the fields of `args`, a struct or a map. Every failure that the server
    /// answers with is [`CallError::Remote`](crate::error::CallError::Remote), refusals to run apart.
    pub fn call<A: Serialize + ?Sized>(
        &self,
        context: &Context,
        method: impl Into<Cow<'static, str>>,
        args: &A,
    ) -> Call<Result<RawJson, RemoteFailure>> {
        self.request(context, method.into(), args).call()
    }

    /// A cast of `method`: nobody waits for an answer. `.fanout()` on it sends it to every server of the topic.
    pub fn cast<A: Serialize + ?Sized>(
        &self,
        context: &Context,
        method: impl Into<Cow<'static, str>>,
        args: &A,
    ) -> Cast {
        self.request(context, method.into(), args).cast()
    }

    fn request<A: Serialize + ?Sized>(
        &self,
        context: &Context,
        method: Cow<'static, str>,
        args: &A,
    ) -> RequestBuilder {
        let mut request = RequestBuilder::untyped(&self.caller, self.target.clone(), method);
        request.context(context);
        request.arg_flat(args);
        request
    }
}
